//! Marks in the copies of a data set: declared with the product, shown to those who may know them.

use app::access::Role;
use app::catalog::OutputColumn;
use app::offers::ProductKind;
use app::privacy::DataType;
use app::products::ProductRecord;
use app::watermarks::{MarkedColumn, Marking, Watermark};

use super::common::{fact, key, rounded};
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::form::{Field, FieldKind, FormSection};
use crate::html::pages::parts::{Choice, Fact};

/// How a release is delivered: asked row by row, or as a whole.
pub(super) const DELIVERY: &str = "delivery";
/// The delivery as a whole.
pub(super) const DATASET: &str = "dataset";
/// Columns by which a row is known.
const ADDRESS: &str = "mark-address";
/// Largest change of a column.
const TOLERANCE: &str = "mark-tolerance.";
/// Digits after the point of a column.
const DECIMALS: &str = "mark-decimals.";
/// Digits after the point at most.
const DECIMALS_MAX: u8 = 9;

/// The question how a release is delivered.
pub(super) fn delivery(visit: &Visit, sent: &Sent) -> FormSection {
    let chosen = sent.get(&format!("field.{DELIVERY}"));
    let way = |kind: ProductKind| {
        let name = key(&kind);
        let selected = name == chosen || chosen.is_empty() && kind == ProductKind::Lookup;
        Choice::new(&name, &visit.text(&format!("product-way-{name}")), selected)
    };
    let field = Field {
        id: DELIVERY.to_owned(),
        label: visit.text("product-kind"),
        kind: FieldKind::Choice,
        required: true,
        choices: [ProductKind::Lookup, ProductKind::Dataset].map(way).to_vec(),
        ..Field::default()
    };
    FormSection { heading: visit.text("product-kind"), hint: String::new(), fields: vec![field] }
}

/// The questions about marks, for a release with these columns.
pub(super) fn section(visit: &Visit, columns: &[OutputColumn], sent: &Sent) -> FormSection {
    let picked = picked(sent);
    let choice = |column: &OutputColumn| {
        Choice::new(&column.name, &column.name, picked.contains(&column.name.as_str()))
    };
    let mut fields = vec![Field {
        id: ADDRESS.to_owned(),
        label: visit.text("mark-address"),
        hint: visit.text("mark-address-hint"),
        kind: FieldKind::MultiChoice,
        choices: columns.iter().map(choice).collect(),
        ..Field::default()
    }];
    for column in columns.iter().filter(|column| column.data_type.is_numeric()) {
        let field = |prefix: &str, label: &str, hint: &str| {
            let id = format!("{prefix}{}", column.name);
            Field {
                label: visit.text_with(label, &[("column", &column.name)]),
                hint: visit.text(hint),
                kind: FieldKind::Number,
                value: sent.get(&format!("field.{id}")).to_owned(),
                id,
                ..Field::default()
            }
        };
        fields.push(field(TOLERANCE, "mark-tolerance", "mark-tolerance-hint"));
        if column.data_type != DataType::Integer {
            fields.push(field(DECIMALS, "mark-decimals", "mark-decimals-hint"));
        }
    }
    FormSection { heading: visit.text("watermark"), hint: visit.text("mark-hint"), fields }
}

fn picked(sent: &Sent) -> Vec<&str> {
    sent.below("field.").filter(|(name, _)| *name == ADDRESS).map(|(_, value)| value).collect()
}

/// What was declared; none where no column may change. What does not read as a number is no declaration of that column.
pub(super) fn read(columns: &[OutputColumn], sent: &Sent) -> Option<Watermark> {
    let carrier = |column: &OutputColumn| {
        let answer = |prefix: &str| sent.get(&format!("field.{prefix}{}", column.name)).trim().to_owned();
        let tolerance = answer(TOLERANCE).parse::<u64>().ok().filter(|tolerance| *tolerance > 0)?;
        let decimals = answer(DECIMALS).parse::<u8>().unwrap_or(0).min(DECIMALS_MAX);
        // Everything else of a declaration is the interface's: grain, bounds and stated totals.
        let plain = serde_json::json!({
            "column": column.name, "decimals": decimals, "tolerance": tolerance,
        });
        serde_json::from_value::<MarkedColumn>(plain).ok()
    };
    let carriers: Vec<MarkedColumn> = columns.iter().filter_map(carrier).collect();
    let address: Vec<String> = picked(sent).into_iter().map(str::to_owned).collect();
    (!carriers.is_empty()).then_some(Watermark { address, carriers })
}

/// What is declared, for the operator and for those who trace leaks; nobody else is told how copies are marked.
pub(super) fn declared(visit: &Visit, record: &ProductRecord) -> Vec<Fact> {
    let judges = [Role::Authority, Role::Supervisor].iter().any(|role| visit.ctx.principal.has(*role));
    let own = visit.ctx.principal.unit == record.product.operator;
    let Some(marking) = record.marking.as_ref().filter(|_| visit.ctx.is_person() && (own || judges)) else {
        return Vec::new();
    };
    let Marking { watermark, positions, needed } = marking;
    let mut facts = vec![
        fact(
            visit,
            "mark-state",
            visit.text(if marking.suffices() { "watermark-yes" } else { "mark-small" }),
        ),
        fact(visit, "trace-positions", words::count(*positions)),
        fact(visit, "trace-needed", words::count(*needed)),
        fact(visit, "mark-address", watermark.address.join(", ")),
    ];
    for column in &watermark.carriers {
        let unit = 10_f64.powi(-i32::from(column.decimals));
        let most = rounded(column.tolerance as f64 * unit);
        let told = visit.text_with("mark-carrier", &[("most", &most)]);
        facts.push(Fact::new(&column.column, &told));
    }
    facts
}
