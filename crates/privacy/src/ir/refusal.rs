//! Why a query may not run, and what would be legal instead.

use serde::{Deserialize, Serialize};

/// Why a query may not run. Shown to the author of the query; holds no value from data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("query refused by rule {}", rule.code())]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// The column, resource or expression concerned.
    pub column: Option<String>,
}

impl Refusal {
    pub(super) fn new(rule: Rule, column: impl Into<String>) -> Self {
        Self { rule, column: Some(column.into()) }
    }

    pub(super) const fn bare(rule: Rule) -> Self {
        Self { rule, column: None }
    }

    /// Stable code of the rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.rule.code()
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// The rules a query can break.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule { $($(#[$doc])* $rule,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// Stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$rule => $code,)* }
            }

            /// The nearest legal form, in Chinese.
            #[must_use]
            pub const fn legal_form_zh(self) -> &'static str {
                match self { $(Self::$rule => $zh,)* }
            }

            /// The nearest legal form, in English.
            #[must_use]
            pub const fn legal_form_en(self) -> &'static str {
                match self { $(Self::$rule => $en,)* }
            }
        }
    };
}

rules! {
    /// The query is not an aggregate at its top.
    NotAggregate = "privacy.not_aggregate",
        "结果必须是分组汇总：请使用 GROUP BY 与 COUNT、SUM、AVG，其上只可再排序、筛选或取前若干行",
        "the result must be an aggregate: use GROUP BY with COUNT, SUM or AVG; only sorting, filtering and limiting may follow";
    /// A group key is an identifier or computed from one.
    IdentifierGroup = "privacy.identifier_group",
        "不得按标识符分组：请改按区域、行业、年份等类别分组",
        "do not group by an identifier: group by region, industry, year or another category";
    /// An aggregate would reveal a single value of a protected column.
    RawAggregate = "privacy.raw_aggregate",
        "敏感字段不得取最大值、最小值、中位数，标识符只可计数：请改用 COUNT、SUM、AVG",
        "no MIN, MAX or MEDIAN of a sensitive column, and only counts of an identifier: use COUNT, SUM or AVG";
    /// An aggregate's argument contains a condition.
    ConditionalAggregate = "privacy.conditional_aggregate",
        "汇总函数内不得含条件表达式：请把条件放入 WHERE 或作为分组字段",
        "no condition inside an aggregate: move it to WHERE, or group by it";
    /// An identifier is compared with something that is not an identifier.
    SinglingOut = "privacy.singling_out",
        "标识符只可与标识符比较（关联），不得与常量或参数比较",
        "an identifier may only be compared with an identifier (to join), never with a constant or parameter";
    /// The resource has no declared entity.
    EntityUndeclared = "privacy.entity_undeclared",
        "该资源未声明主体键，无法统计主体数：请先由数据提供单位补充",
        "the resource has no declared entity key, so entities cannot be counted: ask its provider to declare one";
    /// The entity key is lost before the releasing aggregate.
    EntityLost = "privacy.entity_lost",
        "内层汇总丢失了主体键：请在内层按主体键分组，或只保留一层汇总",
        "an inner aggregate loses the entity key: group by the key inside, or use one aggregate only";
    /// The column has no confirmed classification.
    Unclassified = "privacy.unclassified",
        "该字段未完成分类分级：请先由数据提供单位确认",
        "the column is not classified: ask its provider to confirm a classification";
    /// Rows are limited below the aggregate.
    LimitBelow = "privacy.limit_below",
        "汇总之前不得限制行数：请把 LIMIT 放到最外层",
        "no LIMIT before the aggregate: put it outermost";
    /// Unknown resource.
    UnknownResource = "privacy.unknown_resource",
        "请只使用已授权的数据资源",
        "use granted resources only";
    /// Unknown column.
    UnknownColumn = "privacy.unknown_column",
        "请只使用已授权资源中已登记的字段",
        "use registered columns of granted resources only";
    /// Two columns or scans have the same name.
    DuplicateName = "privacy.duplicate_name",
        "请为重名的字段或表另起别名",
        "give columns or tables of the same name different aliases";
    /// A name reserved for the platform.
    ReservedName = "privacy.reserved_name",
        "名称不得以两个下划线开头",
        "names must not begin with two underscores";
    /// Types do not fit.
    TypeMismatch = "privacy.type_mismatch",
        "请检查表达式的数据类型，必要时用 CAST 转换",
        "check the types of the expression; use CAST where needed";
    /// Wrong number or form of arguments.
    BadArguments = "privacy.bad_arguments",
        "请检查函数的参数个数与形式",
        "check the number and form of the arguments";
    /// The tree is nested too deeply or too large.
    TooDeep = "privacy.too_deep",
        "请减少嵌套层数",
        "nest less deeply";
    /// Union branches are about different entities.
    UnionLineage = "privacy.union_lineage",
        "UNION 的各部分必须涉及同类主体",
        "the parts of a UNION must be about the same kinds of entities";
}
