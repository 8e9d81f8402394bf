//! Puts documents on top of the parent's. A template's file replaces the text above; what it may name stays declared.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::draft::{DocumentDraft, Draft, Located};
use super::layer::duplicate;
use super::model::{ClauseId, Pack, Value};
use super::number::NumberMark;
use super::read::document::not_a_mark;
use super::report::{Mark, Place, Report, hint, shown};

/// Bytes of one template.
pub const TEMPLATE_BYTES_MAX: usize = 64 * 1024;

/// The folder of templates inside a pack, and their ending.
pub(crate) const FOLDER: &str = "documents";
pub(crate) const ENDING: &str = ".typ";

/// Adds the draft's documents to those the pack has inherited.
pub(crate) fn compile(draft: &Draft, pack: &mut Pack, report: &mut Report) {
    // What a county writes anew may lack the step a document above was written for.
    let inherited = std::mem::take(&mut pack.documents);
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    for (id, mut document) in inherited {
        document.when.retain(|occasion| occasion.exists_in(pack));
        documents.insert(id, document);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for Located { value, place } in &draft.documents {
        if !seen.insert(&value.id) {
            let id = shown(&value.id);
            report.at(
                place,
                "regulation.pack_duplicate",
                format!("文书“{id}”写了两次"),
                format!("document `{id}` is written twice"),
            );
            continue;
        }
        if let Some(document) = compose(value, place, draft, documents.get(&value.id), report) {
            documents.insert(value.id.clone(), document);
        }
    }
    for (id, Located { value, place }) in draft.templates.iter().filter(|(id, _)| !seen.contains(id.as_str()))
    {
        if let Some(document) = documents.get_mut(id) {
            document.template.clone_from(value);
            document.file.clone_from(&place.file);
        } else {
            let (zh, en) = hint(id, documents.keys().map(String::as_str));
            let id = shown(id);
            report.at(
                place,
                "regulation.pack_unknown_reference",
                format!("documents.yaml 和上级都没有文书“{id}”{zh}"),
                format!("neither documents.yaml nor the parent has a document `{id}`{en}"),
            );
        }
    }
    pack.documents = documents;
    let mut signers: BTreeSet<&String> = BTreeSet::new();
    for Located { value: (signer, mark), place } in &draft.marks {
        if signers.insert(signer) {
            pack.number_marks.insert(signer.clone(), mark.clone());
        } else {
            duplicate(&format!("“{}”的代字", shown(signer)), place, report);
        }
    }
}

/// An entry over what the parent says of the same document.
fn compose(
    own: &DocumentDraft,
    place: &Place,
    draft: &Draft,
    above: Option<&Document>,
    report: &mut Report,
) -> Option<Document> {
    let mut lacks = |key: &str| {
        report.at(
            place,
            "regulation.pack_missing_key",
            format!("文书“{}”缺少“{key}”，上级也没有", shown(&own.id)),
            format!("document `{}` lacks {key}, and so does the parent", shown(&own.id)),
        );
    };
    let en = own.en.clone().or_else(|| above.map(|above| above.en.clone()));
    let variables = own.variables.clone().or_else(|| above.map(|above| above.variables.clone()));
    let text = draft.templates.get(&own.id).map(|own| (own.value.clone(), own.place.file.clone()));
    let text = text.or_else(|| above.map(|above| (above.template.clone(), above.file.clone())));
    let mut clauses = own.clauses.clone();
    let more = above.iter().flat_map(|above| &above.clauses).filter(|clause| !own.clauses.contains(clause));
    let more: Vec<ClauseId> = more.cloned().collect();
    clauses.extend(more);
    let when = own.when.clone().or_else(|| above.map(|above| above.when.clone())).unwrap_or_default();
    for (key, missing) in [
        ("英文", en.is_none()),
        ("变量", variables.is_none()),
        ("模板", text.is_none()),
        // A template that nothing uses yet may leave it to the county that binds it to an occasion.
        ("依据", clauses.is_empty() && !when.is_empty()),
    ] {
        if missing {
            lacks(key);
        }
    }
    let (template, file) = text?;
    let number = own.number.clone().unwrap_or_else(|| above.and_then(|above| above.number.clone()));
    Some(Document {
        id: own.id.clone(),
        en: en?,
        variables: variables?,
        number,
        when,
        template,
        file,
        clauses,
    })
}

/// Every occasion written in the pack's own file can come up.
pub(crate) fn occasions(draft: &Draft, pack: &Pack, report: &mut Report) {
    for Located { value, place } in draft.occasions.iter().filter(|one| !one.value.exists_in(pack)) {
        let procedure = shown(&value.procedure);
        report.at(
            place,
            "regulation.pack_unknown_reference",
            format!("程序“{procedure}”没有这样的时机：该环节不能这样做，或者没有这个办结结果"),
            format!(
                "no such occasion in `{procedure}`: the step does not offer it, or nothing ends like that"
            ),
        );
    }
}

/// The parameters that marks of numbers are taken from hold such marks, those a lower pack has put in their place too.
pub(crate) fn marks(draft: &Draft, pack: &Pack, report: &mut Report) {
    let defaults = pack.documents.values().filter_map(|one| one.number.as_ref()?.mark.as_ref());
    for mark in pack.number_marks.values().chain(defaults) {
        let NumberMark::Parameter(name) = mark else { continue };
        let Some(parameter) = pack.parameters.get(name).filter(|_| mark.text(pack).is_none()) else {
            continue;
        };
        let own = draft.parameters.iter().find(|one| one.value.parameter.name == *name);
        let place = own.map(|one| &one.place).or(draft.header.as_ref().map(|header| &header.place));
        let text = match &parameter.value {
            Value::Text(text) => text.as_str(),
            _ => name.as_str(),
        };
        let (zh, en) = not_a_mark(text);
        if let Some(place) = place {
            report.at(place, "regulation.pack_value", zh, en);
        }
    }
}

/// Takes a template's file into the draft.
pub(crate) fn take(path: &str, text: &str, draft: &mut Draft, report: &mut Report) {
    let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(ENDING)).unwrap_or_default();
    if text.len() > TEMPLATE_BYTES_MAX {
        report.file(
            path,
            "regulation.pack_limit",
            "文书模板过长，最多 64 KiB",
            "the template is too long; 64 KiB at most",
        );
        return;
    }
    let place = Place { file: path.to_owned(), mark: Mark { line: 1, column: 1 } };
    draft.templates.insert(name.to_owned(), Located { value: text.to_owned(), place });
}
