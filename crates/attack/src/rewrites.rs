//! Equivalent forms of a query. They are forms of one attack, not attacks.

use crate::lab::Parameter;
use crate::stage::Tables;

/// A rendered form.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Parameter>,
}

impl Form {
    /// The values of its parameters: each has one.
    pub(crate) fn values<'a>(&'a self) -> Vec<(&'a str, &'a str)> {
        let first = |parameter: &'a Parameter| Some((parameter.name, parameter.values.first()?.as_str()));
        self.parameters.iter().filter_map(first).collect()
    }
}

/// Fills a template: `{p}` persons, `{v}` visits, `{e}` enterprises, `{g}` villages, `{s}` numbers, `{D}` the plot's district as a
/// constant, `{T}` the first target's village.
pub(crate) fn plain(template: &str, tables: &Tables, district: &str) -> String {
    template
        .replace("{p}", &tables.persons)
        .replace("{v}", &tables.visits)
        .replace("{e}", &tables.enterprises)
        .replace("{g}", &tables.villages)
        .replace("{s}", &tables.numbers)
        .replace("{D}", &format!("'{district}'"))
        .replace("{T}", &format!("'{district}-S01'"))
}

/// All forms of a template, the plain one first.
pub(crate) fn forms(template: &str, tables: &Tables, district: &str) -> Vec<Form> {
    let form = |name, sql| Form { name, sql, parameters: Vec::new() };
    let fill = |template: &str| plain(template, tables, district);
    let mut forms = vec![form("plain", fill(template))];
    let has_persons = template.contains("{p}");
    if has_persons && !template.trim_start().starts_with("WITH") {
        let body = template.replace("{p}", "源");
        forms.push(form(
            "cte",
            fill(&format!("WITH \"源\" AS (SELECT * FROM {{p}}) {}", body.replace('源', "\"源\""))),
        ));
    }
    if has_persons {
        forms.push(form("view", fill(&template.replace("{p}", "(SELECT * FROM {p} WHERE 1 = 1)"))));
        forms.push(form("quoted", fill(&template.replace("{p}", "\"{p}\""))));
        forms.push(form(
            "union",
            fill(&template.replace("{p}", "(SELECT * FROM {p} WHERE 1 = 0 UNION ALL SELECT * FROM {p})")),
        ));
    }
    forms.push(form("wrapped", format!("SELECT * FROM ({}) AS \"外层\"", fill(template))));
    let spaced = fill(template).replace("SELECT ", "sElEcT/*+ 注释 */ ").replace(" FROM ", "\n--x\nfRoM ");
    forms.push(form("comments", spaced));
    if template.contains("{D}") {
        forms.push(Form {
            name: "parameter",
            sql: fill(&template.replace("{D}", "$d")),
            parameters: vec![Parameter::new("d", "text", vec![district.to_owned()])],
        });
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_the_query_and_change_its_clothes() {
        let tables = Tables {
            persons: "persons_x".into(),
            visits: "v".into(),
            enterprises: "e".into(),
            villages: "g".into(),
            numbers: "s".into(),
            register: "r".into(),
        };
        let all = forms(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone",
            &tables,
            "D1",
        );
        let names: Vec<_> = all.iter().map(|form| form.name).collect();
        assert_eq!(names, ["plain", "cte", "view", "quoted", "union", "wrapped", "comments", "parameter"]);
        assert!(all.iter().all(|form| form.sql.contains("persons_x") && !form.sql.contains('{')), "{all:#?}");
        assert_eq!(all[7].values(), [("d", "D1")]);
    }
}
