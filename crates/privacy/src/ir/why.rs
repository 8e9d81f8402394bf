//! Why there is each rule: what a query that broke it would tell.

use super::Rule;

impl Rule {
    /// Why there is this rule, in Chinese.
    #[must_use]
    pub const fn why_zh(self) -> &'static str {
        self.why().0
    }

    /// Why there is this rule, in English.
    #[must_use]
    pub const fn why_en(self) -> &'static str {
        self.why().1
    }

    #[expect(clippy::too_many_lines, reason = "one arm a rule")]
    const fn why(self) -> (&'static str, &'static str) {
        match self {
            Self::NotAggregate => ("明细行就是原始数据", "rows are the raw data themselves"),
            Self::IdentifierGroup => ("每个组只有一个主体", "every group would hold one entity only"),
            Self::RawAggregate => {
                ("最大、最小、中位数等于某一个主体的值", "an extreme or a median is some entity's own value")
            }
            Self::NonlinearAggregate => (
                "非线性的计算可以把总和变成某一个主体的值",
                "what is not linear can turn a sum into one entity's value",
            ),
            Self::EmptyTerm => (
                "某行的一个字段为空或大得使其他字段被舍去，其他字段便不会计入；与另一总和相减，便得到少数主体的值",
                "where one column holds nothing, or so much that others are rounded away beside it, the others are not added: beside another sum that is the value of a few",
            ),
            Self::ConditionalAggregate => {
                ("条件可以在大组之内只留下一个主体", "a condition can leave one entity inside a large group")
            }
            Self::IdentifierExpression => (
                "标识符的任何一部分都可以被逐段问出",
                "any part of an identifier could be asked for piece by piece",
            ),
            Self::SinglingOut => {
                ("与一个值比较即是查询一个主体", "comparing with one value looks up one entity")
            }
            Self::EntityUndeclared => {
                ("无法统计一格之内有多少主体", "nobody could count the entities of a cell")
            }
            Self::EntityLost => (
                "内层汇总之后不再知道一格之内有多少主体",
                "after the inner aggregate nobody knows how many entities a cell holds",
            ),
            Self::Unclassified => ("不知道该字段有多敏感", "nobody knows how delicate the column is"),
            Self::LimitBelow => ("截取的行可以只含一个主体", "the rows that are kept could be one entity's"),
            Self::AfterAggregate => {
                ("留下多少格会透露哪些格被抑制", "how many cells remain would tell which were suppressed")
            }
            Self::SemiJoin => (
                "某行是否存在会透露没有计数的主体",
                "whether a row is there would tell of entities that nobody counts",
            ),
            Self::OuterJoin => {
                ("空值会透露没有计数的主体", "the nulls would tell of entities that nobody counts")
            }
            Self::MixedCondition => (
                "把别的字段混进敏感条件，就可以点名让某一个主体与众不同，是否出数便透露他的敏感值",
                "what is mixed into a sensitive condition can treat one entity by name, and whether an answer leaves would tell of its secret",
            ),
            Self::UnknownResource | Self::UnknownColumn => ("没有授权", "it is not granted"),
            Self::DuplicateName => ("不知道指的是哪一个", "nobody could tell which one is meant"),
            Self::ReservedName => ("此类名称用于平台自己的统计", "such names hold the platform's own counts"),
            Self::TypeMismatch | Self::BadArguments => {
                ("没有意义的运算无法检查", "what makes no sense cannot be checked")
            }
            Self::TooDeep => ("过大的查询无法检查", "what is too large cannot be checked"),
            Self::UnsafeArgument => (
                "对某些值会失败的运行，其失败本身就是答案",
                "a run that fails for some values answers a question about them",
            ),
            Self::UnionSameResource => {
                ("同一结果内的格可以相减", "cells of one result could be subtracted from each other")
            }
            Self::UnionLineage => {
                ("各部分的主体无法一起计数", "the parts' entities could not be counted together")
            }
            Self::Unprotected => ("没有任何保护", "nothing would protect the cells"),
            Self::Unbounded => (
                "一个主体的值可以任意大，阈值和噪声都遮不住",
                "one entity's value could be so large that neither threshold nor noise hides it",
            ),
            Self::NullsUndeclared => {
                ("空值本身可能就是信息", "that a value is absent may itself say something")
            }
            Self::FanOut => {
                ("不知道一个主体能改变结果多少", "nobody knows by how much one entity can change the result")
            }
            Self::GroupDomain => (
                "要逐一列出可能的每一格，分组的列就得先由提供方声明有哪些取值；更细的分组会把单个主体分出来",
                "every cell there can be is shown, so the provider has to declare which values a column of the groups has; finer groups set single entities apart",
            ),
            Self::TooManyCells => ("格太多则每格主体太少", "so many cells leave few entities in each"),
            Self::DistinctValues => {
                ("不同值的个数会透露罕见的值", "the number of different values tells of the rare ones")
            }
            Self::JoinKey => (
                "一个主体会与任意多行相遇，运行时间会透露有没有这个主体",
                "one entity could meet any number of rows, and the time of the run would tell whether it is there",
            ),
            Self::TooManyJoins => (
                "关联越多，相遇的行越多，运行时间会透露有没有某个主体",
                "each join multiplies the rows that meet, and the time of the run would tell whether somebody is there",
            ),
            Self::OneEntity => (
                "噪声的大小只按一类主体计算，遮不住另一类",
                "the noise is measured for one kind of entity and would not cover the other",
            ),
            Self::UnknownCode => (
                "这样的统计只会得到噪声，却要扣预算",
                "such a statistic would be noise alone, and be paid for",
            ),
            Self::ParameterLookup => (
                "每次换一个参数值，就能逐一查询主体",
                "with another value each time, one entity after the other could be looked up",
            ),
            Self::ParameterUndeclared => {
                ("没有取值范围的参数可以是任何值", "a parameter without a domain can be anything")
            }
            Self::ParameterDomain => (
                "相邻两个参数值的结果相减，只剩很少的主体",
                "results for neighbouring values, subtracted, leave few entities",
            ),
        }
    }
}
