//! Refusals of the guard.

use serde::{Deserialize, Serialize};

/// Why a query was refused. Shown to its author; holds no value from the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable code of the rule: one of [`RULES`] or of `privacy::ir::Rule`.
    pub code: String,
    /// The column, table, function or construct concerned.
    pub subject: Option<String>,
    /// The nearest legal form, in Chinese.
    pub legal_form_zh: String,
    /// The nearest legal form, in English.
    pub legal_form_en: String,
}

/// A rule of this guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleText {
    /// Stable code.
    pub code: &'static str,
    zh: &'static str,
    en: &'static str,
}

const fn rule(code: &'static str, zh: &'static str, en: &'static str) -> RuleText {
    RuleText { code, zh, en }
}

pub(super) const STATEMENT: RuleText =
    rule("domain.statement", "只接受一条 SELECT 查询语句", "only one SELECT statement is accepted");
pub(super) const TOO_LARGE: RuleText = rule(
    "domain.too_large",
    "查询过长或嵌套过深：请拆分或减少嵌套",
    "the query is too long or too deeply nested: split it or nest less",
);
pub(super) const RELATION: RuleText = rule(
    "domain.relation",
    "只可使用表、WHERE、JOIN、UNION ALL、GROUP BY、ORDER BY、非递归 WITH 和 IN/EXISTS 子查询",
    "use tables, WHERE, JOIN, UNION ALL, GROUP BY, ORDER BY, plain WITH and IN/EXISTS subqueries only",
);
pub(super) const EXPRESSION: RuleText = rule(
    "domain.expression",
    "只可使用比较、逻辑、四则运算、CASE、CAST、IN、BETWEEN、LIKE、IS NULL 和登记的函数：小计与合计分开查询，取另一张表的一个数用 CROSS JOIN",
    "use comparisons, logic, arithmetic, CASE, CAST, IN, BETWEEN, LIKE, IS NULL and registered functions only: ask for totals in a query of their own, take one number of another table by CROSS JOIN",
);
pub(super) const FUNCTION: RuleText = rule(
    "domain.function",
    "该函数不可用于原始数据：请使用 COUNT、SUM、AVG 及登记的标量函数",
    "the function is not available on raw data: use COUNT, SUM, AVG and the registered scalar functions",
);
pub(super) const AGGREGATE_FORM: RuleText = rule(
    "domain.aggregate_form",
    "汇总函数不得带 ORDER BY，DISTINCT 只可用于 COUNT",
    "no ORDER BY inside an aggregate, and DISTINCT with COUNT only",
);
pub(super) const AMBIGUOUS: RuleText = rule(
    "domain.ambiguous_name",
    "输出字段与所读的字段同名：请换一个别名",
    "an output column has the name of one that is read: give it another alias",
);
pub(super) const TYPE: RuleText = rule(
    "domain.type",
    "请只使用文本、整数、小数、浮点、布尔、日期、时间戳类型",
    "use text, integer, decimal, float, boolean, date and timestamp only",
);
pub(super) const NOT_IN: RuleText = rule(
    "domain.not_in_subquery",
    "请把 NOT IN 子查询改写为 NOT EXISTS",
    "write NOT EXISTS instead of NOT IN with a subquery",
);
pub(super) const PARAMETER: RuleText = rule(
    "domain.undeclared_parameter",
    "请先声明参数的类型和取值范围",
    "declare the parameter with its type and domain first",
);
pub(super) const OUTPUT_NAME: RuleText = rule(
    "domain.output_name",
    "输出字段不得重名：请用 AS 另起别名",
    "output columns must have different names: use AS",
);
pub(super) const HIDDEN_KEY: RuleText = rule(
    "domain.hidden_key",
    "分组字段必须原样出现在输出中，以便与以往出域结果比对",
    "every GROUP BY column must appear unchanged in the output, so that releases can be compared",
);

pub(super) const NOTHING_PROTECTED: RuleText = rule(
    "domain.nothing_protected",
    "这些表不含受保护的主体，无需带噪声的统计：请直接在工作台查询",
    "these tables are about nobody who is protected, so no noise is needed: query them on the workbench",
);
pub(super) const NO_NUMBER: RuleText = rule(
    "domain.no_number",
    "统计须至少有一个数值：请加上 COUNT、SUM 或 AVG",
    "a statistic has at least one number: add COUNT, SUM or AVG",
);
pub(super) const TOO_MANY_NUMBERS: RuleText = rule(
    "domain.too_many_numbers",
    "一次统计的数值过多（至多 20000 个）：请减少分组或输出字段",
    "too many numbers in one statistic (20 000 at most): group by less or ask for fewer columns",
);

pub(crate) const ALL_PAIRS: RuleText = rule(
    "domain.all_pairs",
    "该查询会把每一行与每一行配对：请用相等条件关联（JOIN … ON a.x = b.x），或先汇总为一行",
    "the query pairs every row with every row: join on equal columns (JOIN ... ON a.x = b.x), or aggregate one side to a single row",
);

/// Every rule of this guard.
pub const RULES: &[RuleText] = &[
    STATEMENT,
    TOO_LARGE,
    RELATION,
    EXPRESSION,
    FUNCTION,
    AGGREGATE_FORM,
    AMBIGUOUS,
    TYPE,
    NOT_IN,
    PARAMETER,
    OUTPUT_NAME,
    HIDDEN_KEY,
    NOTHING_PROTECTED,
    NO_NUMBER,
    TOO_MANY_NUMBERS,
    ALL_PAIRS,
];

impl RuleText {
    pub(crate) fn about(self, subject: impl Into<String>) -> Refusal {
        let subject = in_sql(&subject.into());
        let subject = Some(subject.chars().take(120).collect()).filter(|text: &String| !text.is_empty());
        Refusal {
            code: self.code.to_owned(),
            subject,
            legal_form_zh: self.zh.to_owned(),
            legal_form_en: self.en.to_owned(),
        }
    }
}

/// A name as the engine has it, in the words of SQL: its nodes by their keyword, its literals without their types.
pub(crate) fn in_sql(name: &str) -> String {
    match name {
        "WindowAggr" => return "OVER".to_owned(),
        "GroupingSet" => return "ROLLUP / CUBE / GROUPING SETS".to_owned(),
        _ => {}
    }
    let mut text = name.to_owned();
    for (opening, closing, quote) in [
        ("Int64(", ")", ""),
        ("Float64(", ")", ""),
        ("Boolean(", ")", ""),
        ("Utf8(\"", "\")", "'"),
        ("Utf8View(\"", "\")", "'"),
    ] {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, value, after)) = rest.split_once(opening).and_then(|(before, inner)| {
            inner.split_once(closing).map(|(value, after)| (before, value, after))
        }) {
            plain.push_str(&format!("{before}{quote}{value}{quote}"));
            rest = after;
        }
        plain.push_str(rest);
        text = plain;
    }
    text
}

impl Refusal {
    /// The code as one of the known ones.
    #[must_use]
    pub fn static_code(&self) -> &'static str {
        let rules = privacy::ir::Rule::ALL.iter().map(|rule| rule.code());
        rules
            .chain(RULES.iter().map(|rule| rule.code))
            .find(|code| *code == self.code)
            .unwrap_or("domain.sql")
    }
}

impl From<privacy::ir::Refusal> for Refusal {
    fn from(refusal: privacy::ir::Refusal) -> Self {
        Self {
            code: refusal.code().to_owned(),
            subject: refusal.column,
            legal_form_zh: refusal.rule.legal_form_zh().to_owned(),
            legal_form_en: refusal.rule.legal_form_en().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_in_the_words_of_sql() {
        for (engine, sql) in [
            ("WindowAggr", "OVER"),
            ("stddev(Float64(1.5))", "stddev(1.5)"),
            (
                "CASE WHEN persons.sex = Utf8(\"女\") THEN Int64(1) ELSE Int64(0) END",
                "CASE WHEN persons.sex = '女' THEN 1 ELSE 0 END",
            ),
            ("Int64(", "Int64("),
            ("TABLESAMPLE", "TABLESAMPLE"),
        ] {
            assert_eq!(FUNCTION.about(engine).subject.as_deref(), Some(sql));
        }
    }
}
