//! Roles, forms and duties against each other.

use std::collections::BTreeSet;

use crate::pack::model::{Duty, Form, Pack, Role};
use crate::pack::tools::document::{Document, Mark};
use crate::pack::tools::matching::{Pair, alike, overlap, paired};
use crate::pack::tools::rows::{judged, row};
use crate::pack::tools::text::Text;
use crate::pack::tools::{time, words};

use super::{Both, names};

impl Both<'_> {
    pub(super) fn roles(&self, out: &mut Document) {
        let (a, b): (Vec<&Role>, Vec<&Role>) =
            (self.a.roles.values().collect(), self.b.roles.values().collect());
        let score = |x: &Role, y: &Role| {
            if x.key == y.key {
                3_000
            } else {
                alike(&x.key, &y.key).max(alike(&x.en.to_lowercase(), &y.en.to_lowercase()))
            }
        };
        let units = |role: &Role| {
            let how = match &role.binding {
                crate::pack::Binding::Fixed if role.units.is_empty() => {
                    Text::new("平台登记", "known to the platform")
                }
                crate::pack::Binding::Fixed => Text::default(),
                crate::pack::Binding::Opener => Text::new("发起单位", "the unit that opens the case"),
                crate::pack::Binding::Anyone => Text::new("任何人", "anyone"),
                crate::pack::Binding::Fact(fact) => {
                    Text::new(format!("按事实“{fact}”"), format!("by fact “{fact}”"))
                }
            };
            let units = Text::same(role.units.join("、"));
            let parts: Vec<&Text> = [&units, &how].into_iter().filter(|text| !text.is_empty()).collect();
            Text::join(parts, "；", "; ")
        };
        let rows = paired(&a, &b, 700, score).into_iter().map(|pair| {
            let name = |role: &Role| Text::new(&role.key, &role.en);
            let cell = |role: &Role| Text::join([&name(role), &units(role)], "\n", "\n");
            match pair {
                Pair::Both(x, y) => row(names(&x.key, &x.en, &y.key, &y.en), cell(x), cell(y)),
                Pair::First(x) => row(name(x), cell(x), Text::default()),
                Pair::Second(y) => row(name(y), Text::default(), cell(y)),
            }
        });
        out.heading(2, Text::new("六、角色", "6. Roles"));
        out.table(Text::new("角色", "Roles"), self.head(Text::new("角色", "Role")), rows.collect());
    }

    pub(super) fn forms(&self, out: &mut Document) {
        let (a, b): (Vec<&Form>, Vec<&Form>) =
            (self.a.forms.values().collect(), self.b.forms.values().collect());
        let fields = |form: &Form| {
            let fields = form.sections.iter().flat_map(|section| &section.fields);
            fields.map(|field| field.label.clone()).collect::<BTreeSet<_>>()
        };
        let score = |x: &Form, y: &Form| alike(&x.title, &y.title) * 2 + overlap(&fields(x), &fields(y)) * 2;
        let name = |form: &Form| Text::new(&form.title, &form.en);
        let rows = paired(&a, &b, 1_200, score).into_iter().map(|pair| match pair {
            Pair::Both(x, y) => {
                let (fx, fy) = (fields(x), fields(y));
                let cell = |form: &Form, own: &BTreeSet<String>, other: &BTreeSet<String>| {
                    let only: Vec<String> = own.difference(other).cloned().collect();
                    let more = if only.is_empty() {
                        String::new()
                    } else {
                        format!("\n独有：{}", only.join("、"))
                    };
                    let more_en = if only.is_empty() {
                        String::new()
                    } else {
                        format!("\nonly here: {}", only.join("、"))
                    };
                    Text::new(
                        format!("《{}》{}栏{more}", form.title, own.len()),
                        format!("{} ({} fields){more_en}", form.en, own.len()),
                    )
                };
                let mark = if fx == fy { Mark::Same } else { Mark::Differs };
                let words = Text::new(
                    format!("共有{}栏", fx.intersection(&fy).count()),
                    format!("{} fields in common", fx.intersection(&fy).count()),
                );
                judged(
                    names(&x.title, &x.en, &y.title, &y.en),
                    cell(x, &fx, &fy),
                    cell(y, &fy, &fx),
                    mark,
                    words,
                )
            }
            Pair::First(x) => row(name(x), count_of(x, fields(x).len()), Text::default()),
            Pair::Second(y) => row(name(y), Text::default(), count_of(y, fields(y).len())),
        });
        out.heading(2, Text::new("七、表单", "7. Forms"));
        out.table(Text::new("表单", "Forms"), self.head(Text::new("表单", "Form")), rows.collect());
    }

    pub(super) fn duties(&self, out: &mut Document) {
        let (a, b): (Vec<&Duty>, Vec<&Duty>) =
            (self.a.duties.iter().collect(), self.b.duties.iter().collect());
        let score = |x: &Duty, y: &Duty| {
            alike(&x.name, &y.name) * 2 + alike(&x.en.to_lowercase(), &y.en.to_lowercase())
        };
        let cell = |pack: &Pack, duty: &Duty| {
            let name = Text::new(&duty.name, &duty.en);
            Text::join([&name, &words::role(pack, &duty.role), &time::every(duty)], "，", ", ")
        };
        let rows = paired(&a, &b, 900, score).into_iter().map(|pair| match pair {
            Pair::Both(x, y) => row(names(&x.name, &x.en, &y.name, &y.en), cell(self.a, x), cell(self.b, y)),
            Pair::First(x) => row(Text::new(&x.name, &x.en), cell(self.a, x), Text::default()),
            Pair::Second(y) => row(Text::new(&y.name, &y.en), Text::default(), cell(self.b, y)),
        });
        out.heading(2, Text::new("八、周期义务", "8. Periodic duties"));
        out.table(
            Text::new("周期义务", "Periodic duties"),
            self.head(Text::new("义务", "Duty")),
            rows.collect(),
        );
    }
}

fn count_of(form: &Form, fields: usize) -> Text {
    Text::new(format!("《{}》{fields}栏", form.title), format!("{} ({fields} fields)", form.en))
}
