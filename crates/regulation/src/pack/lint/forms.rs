//! Forms: used, personal information marked, boxes that somebody fills.

use std::collections::BTreeSet;

use super::{Finding, error, warning};
use crate::pack::model::{FieldKind, Form, FormId, Pack};

pub(super) fn look(pack: &Pack, found: &mut Vec<Finding>) {
    let mut used: BTreeSet<&FormId> = BTreeSet::new();
    let mut boxes: BTreeSet<(&FormId, &str)> = BTreeSet::new();
    for procedure in pack.procedures.values() {
        let actions = procedure.steps.iter().flat_map(|step| &step.actions);
        let forms: BTreeSet<&FormId> =
            procedure.form.iter().chain(actions.filter_map(|action| action.form.as_ref())).collect();
        for name in procedure.steps.iter().filter_map(|step| step.opinion_box.as_deref()) {
            boxes.extend(forms.iter().map(|form| (*form, name)));
        }
        used.extend(forms);
    }
    for form in pack.forms.values() {
        let place = || format!("表单“{}”", form.id);
        if !used.contains(&form.id) {
            let id = &form.id;
            found.push(warning(
                "lint.form_unused",
                place(),
                format!("没有程序用到表单“{id}”"),
                format!("no procedure uses the form `{id}`"),
            ));
        }
        personal(form, found);
        let filled = |name: &&String| boxes.contains(&(&form.id, name.as_str()));
        for name in form.opinion_boxes.iter().filter(|name| used.contains(&form.id) && !filled(name)) {
            found.push(warning(
                "lint.box_unused",
                place(),
                format!("没有环节填写意见栏“{name}”，打印时总是空白"),
                format!("no step fills the opinion box `{name}`; it always prints empty"),
            ));
        }
    }
}

/// A telephone number or an address of a person is personal information whatever the form says.
fn personal(form: &Form, found: &mut Vec<Finding>) {
    let reaches = |kind: &FieldKind| matches!(kind, FieldKind::Phone | FieldKind::Email | FieldKind::Contact);
    let fields = form.sections.iter().flat_map(|section| &section.fields);
    for field in fields.filter(|field| reaches(&field.kind) && !field.personal) {
        let key = &field.key;
        found.push(error(
            "lint.personal_unmarked",
            format!("表单“{}”", form.id),
            format!("字段“{key}”是联系方式，应当写明“个人信息: 是”"),
            format!("the field `{key}` reaches a person; mark it 个人信息: 是"),
        ));
    }
}
