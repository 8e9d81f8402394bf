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
        "结果必须是分组汇总：请使用 GROUP BY 与 COUNT、SUM、AVG，其上只可再排序",
        "the result must be an aggregate: use GROUP BY with COUNT, SUM or AVG; only sorting may follow";
    /// A group key is an identifier or computed from one.
    IdentifierGroup = "privacy.identifier_group",
        "不得按标识符分组：请改按区域、行业、年份等类别分组",
        "do not group by an identifier: group by region, industry, year or another category";
    /// An aggregate would reveal a single value of a protected column.
    RawAggregate = "privacy.raw_aggregate",
        "受保护字段只可用 COUNT、SUM、AVG，标识符只可计数；最大值、最小值、中位数、方差只可用于公开字段；条件或分组含敏感字段时，公开字段也只可用 COUNT、SUM、AVG，去重计数只可用于主体键",
        "only COUNT, SUM and AVG of a protected column, and only counts of an identifier; MIN, MAX, MEDIAN and variance are for public columns; where a sensitive column is in a condition or a group key, only COUNT, SUM and AVG of public columns, too, and COUNT(DISTINCT) of the entity key";
    /// The argument of an aggregate over a protected column is computed in a way that can be shaped into one value.
    NonlinearAggregate = "privacy.nonlinear_aggregate",
        "COUNT 的参数只可为字段本身；SUM、AVG 的参数只可为字段、字段之和差，或再乘除一个常数（0.000001 至 1000000，整数至 1000）：其他计算请放到汇总之后",
        "COUNT takes a bare column; SUM and AVG take a column, sums and differences of columns, or these times or over one constant (0.000001 to 1000000, whole numbers to 1000): compute anything else after the aggregate";
    /// A column that is added up with others inside one sum or mean may hold nothing, or very large numbers.
    EmptyTerm = "privacy.empty_term",
        "同一 SUM、AVG 中相加减的各字段不得有空值（包括外连接可能找不到的一侧），数值绝对值不得超过 2 的 40 次方：请分别汇总后再相加减，如 SUM(a) + SUM(b)",
        "columns that are added up inside one SUM or AVG must hold something in every row (none of the side that an outer join may not find) and no number beyond 2 to the 40th: add up the sums instead, as in SUM(a) + SUM(b)";
    /// An aggregate's argument contains a condition.
    ConditionalAggregate = "privacy.conditional_aggregate",
        "汇总函数内不得含条件表达式：请把条件放入 WHERE 或作为分组字段",
        "no condition inside an aggregate: move it to WHERE, or group by it";
    /// Something is computed from an identifier.
    IdentifierExpression = "privacy.identifier_expression",
        "标识符不得参与运算、转换类型或取子串：只可用于关联（等于另一标识符）和 COUNT、COUNT(DISTINCT)",
        "no arithmetic, cast or function of an identifier: use it bare, to join with another identifier or inside COUNT and COUNT(DISTINCT)";
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
    /// Rows or cells are filtered after the aggregate.
    AfterAggregate = "privacy.after_aggregate",
        "汇总之后不得再筛选（HAVING）或限制行数（LIMIT），否则会透露被抑制的格子：请在出域后的表上筛选，条件放入 WHERE",
        "no HAVING and no LIMIT after the aggregate, which would tell of suppressed cells: filter the released table, and put conditions into WHERE";
    /// A subquery of EXISTS or IN is about entities that would not be counted.
    SemiJoin = "privacy.semi_join",
        "EXISTS、IN 子查询只可涉及外层同一主体（按主体键相等关联）：请改用 JOIN，使其主体计入阈值",
        "a subquery of EXISTS or IN may only be about the outer entity itself (its whole key equated): use JOIN, so that its entities are counted";
    /// An outer join brings in entities that the preserved side does not have.
    OuterJoin = "privacy.outer_join",
        "外连接保留的一侧必须含有另一侧的受保护主体（按主体键相等关联），另一侧不得有敏感条件，也只可用 COUNT、SUM、AVG：请改用 INNER JOIN、EXISTS 或 NOT EXISTS",
        "the preserved side of an outer join must have the other side's protected entity (its whole key equated), and the other side no sensitive condition and no aggregates but COUNT, SUM and AVG: use INNER JOIN, EXISTS or NOT EXISTS";
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
    /// An argument could make the run fail for some values.
    UnsafeArgument = "privacy.unsafe_argument",
        "该参数必须是常量且在安全范围内：子串位置与长度、小数位数（-15 至 15）、日期单位、时间间隔（至 1000 年，只可与常量相加减）、LIKE 模式（至 200 字）、REPLACE 的替换不得变长、CONCAT 不得过长、文本字段不得转为日期",
        "the argument must be a constant within safe bounds: places and lengths of substrings, digits (-15 to 15), date units, intervals (up to 1000 years, added to constants only), LIKE patterns (up to 200 characters), REPLACE that never lengthens, short CONCAT, no text column cast to a date";
    /// Branches of a union read one protected resource.
    UnionSameResource = "privacy.union_same_resource",
        "UNION 至多一个部分可以读取受保护资源，否则一部分的少数人可藏在另一部分之中：请改用 GROUP BY，或分别建模",
        "at most one part of a UNION may read a protected resource, or few of one part could hide among those of another: use GROUP BY, or make a model of each";
    /// Union branches are about different entities.
    UnionLineage = "privacy.union_lineage",
        "UNION 的各部分必须涉及同类主体",
        "the parts of a UNION must be about the same kinds of entities";
    /// Statistics mode without thresholds and without noise.
    Unprotected = "privacy.unprotected",
        "统计模式须设定阈值或差分隐私预算：请由管理方先行设定",
        "statistics mode needs thresholds or a price in privacy budget: have them set first";
    /// A sum or mean is over something that is not known to be bounded.
    Unbounded = "privacy.unbounded",
        "SUM、AVG 的参数须有界：请使用已声明上下界的字段，或用 LEAST、GREATEST、CASE 截断；除数的取值范围不得含零",
        "sums and means need bounds: use columns with declared bounds, or clamp with LEAST, GREATEST or CASE; a divisor's range must not contain zero";
    /// It is not declared what an absent value of the column means.
    NullsUndeclared = "privacy.nulls_undeclared",
        "该字段未声明空值含义：请先由数据提供单位补充",
        "the meaning of absent values is not declared: ask the column's provider to declare it";
    /// An entity may have any number of rows.
    FanOut = "privacy.fan_out",
        "每个主体的行数没有上限，或关联后过多、过长：请按唯一键关联，或先按主体键汇总，或由数据提供单位声明每主体最多行数",
        "one entity may have any number of rows, or after joins very many or very long ones: join on a unique key, aggregate by the entity first, or have the most rows of one entity declared";
    /// A condition or a group key is about a sensitive column and something else as well.
    MixedCondition = "privacy.mixed_condition",
        "同一条件或分组字段不得把敏感字段与其他字段混在一起（如“敏感 OR 其他”、CASE、相除）：请用 AND 分成各自的条件，或按其他字段的取值分别建模；嵌套汇总请只按主体键分组，并用 COUNT(*) 计数",
        "one condition or group key must not mix a sensitive column with others (sensitive OR other, CASE, a quotient): part them with AND, or make one model for each value of the others; group nested aggregates by the entity key only, and count rows with COUNT(*)";
    /// A group key of statistics mode has no small public domain.
    GroupDomain = "privacy.group_domain",
        "统计模式只可按已声明的代码字段或足够宽的分段分组：请改用代码字段，或放宽分段",
        "statistics mode groups by declared code columns or by bands that are wide enough: use a code column or wider bands";
    /// The group keys have too many combinations.
    TooManyCells = "privacy.too_many_cells",
        "分组组合过多：请减少分组字段或改用较粗的分类",
        "the group keys have too many combinations: use fewer or coarser keys";
    /// A count of distinct values that are not an entity's key.
    DistinctValues = "privacy.distinct_values",
        "统计模式下 COUNT(DISTINCT) 只可用于单一字段的主体键",
        "in statistics mode COUNT(DISTINCT) takes an entity key of one column";
    /// A join on what is computed, or of protected entities with others of their kind.
    JoinKey = "privacy.join_key",
        "受保护的表只可按字段相等关联，不得用算式；同类主体的两张表须按其中一张的完整主体键关联",
        "join protected tables on equal columns, not on expressions, and two about entities of one kind on the whole key of one";
    /// So many tables are joined to protected ones that the time of the run would tell how many rows met.
    TooManyJoins = "privacy.too_many_joins",
        "最多关联八张表，其中受保护的四张，同一张最多两次，且最多涉及两类互不相同的主体：请先按主体汇总，或分别统计",
        "at most eight tables, four of them protected, each twice at most, and two kinds of different entities: aggregate by the entity first, or ask one by one";
    /// With noise: a cell tells of entities that are not one and the same.
    OneEntity = "privacy.one_entity",
        "带噪声的统计只可涉及一类主体：多张表须按主体键关联，或分别统计",
        "a statistic with noise is about entities of one kind: join tables on the entity's key, or ask one statistic each";
    /// With noise: a condition on a value that is not on the column's list of codes.
    UnknownCode = "privacy.unknown_code",
        "条件中的值不在该字段已声明的代码表内：请改用代码表中的值",
        "the condition asks for a value that is not on the column's list of codes: use one that is";
    /// A parameter meets a column that tells entities apart.
    ParameterLookup = "privacy.parameter_lookup",
        "参数不得与主体键、唯一字段或标识符比较，否则可逐一查询个人；确有需要的，请在审批时列明不超过 10 个取值",
        "a parameter must not meet a key, unique or identifying column, or it could look up one person; if it has to, list at most 10 values for approval";
    /// A parameter of which no domain was given.
    ParameterUndeclared = "privacy.parameter_undeclared",
        "参数须声明取值范围：列表、代码表或带步长的区间",
        "declare the parameter's domain: a list, a code list, or a range with a step";
    /// A parameter's domain is finer than the column it meets allows.
    ParameterDomain = "privacy.parameter_domain",
        "参数取值过细：与该字段比较的参数，其取值须为该字段的代码，或步长不小于其分段宽度",
        "the parameter's domain is too fine for the column: use the column's codes, or a step of at least its band width";
}
