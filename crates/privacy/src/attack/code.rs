//! The attacks: stable codes, and what they mean in plain words.

use serde::{Deserialize, Serialize};

macro_rules! attacks {
    ($($(#[$doc:meta])* $attack:ident = $code:literal, $name_zh:literal, $name_en:literal,
        $worked_zh:literal, $worked_en:literal, $remedy_zh:literal, $remedy_en:literal;)*) => {
        /// What is tried on masked data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Attack { $($(#[$doc])* $attack,)* }

        impl Attack {
            /// Every attack.
            pub const ALL: &'static [Self] = &[$(Self::$attack,)*];

            /// Stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$attack => $code,)* }
            }

            /// Its name in Chinese.
            #[must_use]
            pub const fn name_zh(self) -> &'static str {
                match self { $(Self::$attack => $name_zh,)* }
            }

            /// Its name in English.
            #[must_use]
            pub const fn name_en(self) -> &'static str {
                match self { $(Self::$attack => $name_en,)* }
            }

            /// What it means that it worked, in Chinese.
            #[must_use]
            pub const fn worked_zh(self) -> &'static str {
                match self { $(Self::$attack => $worked_zh,)* }
            }

            /// What it means that it worked, in English.
            #[must_use]
            pub const fn worked_en(self) -> &'static str {
                match self { $(Self::$attack => $worked_en,)* }
            }

            /// What to do about it, in Chinese.
            #[must_use]
            pub const fn remedy_zh(self) -> &'static str {
                match self { $(Self::$attack => $remedy_zh,)* }
            }

            /// What to do about it, in English.
            #[must_use]
            pub const fn remedy_en(self) -> &'static str {
                match self { $(Self::$attack => $remedy_en,)* }
            }
        }
    };
}

attacks! {
    /// A column that cannot be read cannot be judged.
    Unreadable = "attack.unreadable", "无法检查的字段", "columns that cannot be judged",
        "该字段的类型无法读取，因此无法证明其安全",
        "the column's type cannot be read, so nothing shows that it is safe",
        "请去掉该字段，或改用登记的数据类型",
        "leave the column out or give it a registered type";
    /// Masked identifiers are the raw ones.
    Identity = "attack.identity", "原值保留", "identifiers left as they are",
        "脱敏后的标识符中有原值",
        "identifiers stand in the masked data as they were",
        "请对该字段使用带密钥的令牌或保留格式加密",
        "mask the column with a keyed token or format-preserving encryption";
    /// A hash without a key is undone by hashing every possible value.
    UnkeyedHash = "attack.unkeyed_hash", "字典枚举", "dictionary of hashes",
        "标识符只做了无密钥散列：枚举全部可能的号码即可还原",
        "the identifiers are hashed without a key: hashing every possible number gives them back",
        "请改用带密钥的令牌（HMAC）",
        "use keyed tokens (HMAC) instead";
    /// A cipher character by character is learned from a few known pairs.
    SimpleCipher = "attack.simple_cipher", "逐位代换", "substitution by position",
        "标识符是逐位代换、移位或加固定数得到的：知道少数几个人的对应关系即可还原其余",
        "the identifiers are changed character by character or by a constant: a few known pairs give the rest back",
        "请改用对整个号码的保留格式加密或带密钥的令牌",
        "encrypt the number as a whole, or use keyed tokens";
    /// A part of a small domain is encrypted under a constant tweak: a codebook is collected.
    Codebook = "attack.codebook", "码本", "codebook",
        "号码中的一小段以固定调整值加密：收集码本即可还原其他号码",
        "a short part of the number is encrypted under a constant tweak: a codebook of it opens other numbers",
        "请让其余各位参与调整值，或对至少 10^6 种取值的整体加密",
        "make the other characters the tweak, or encrypt a whole of at least 10^6 values";
    /// Codes are matched with values by how frequent they are.
    Frequency = "attack.frequency", "频数匹配", "matching by frequency",
        "知道原字段的大致分布，即可按频数把代码还原为取值",
        "whoever knows about how frequent the values are can tell which code stands for which value",
        "请改用概化，或去掉该字段",
        "generalise the column or leave it out";
    /// Numbers are matched by rank.
    Rank = "attack.rank", "排序匹配", "matching by rank",
        "知道原字段的大致分布，即可按大小次序还原数值",
        "whoever knows the distribution of the numbers can read them from their ranks",
        "请改用概化、带密钥的噪声或打乱",
        "use generalisation, keyed noise or shuffling";
    /// Masked identifiers keep the order of the raw ones.
    Order = "attack.order", "次序泄露", "order kept",
        "脱敏后的标识符保留了原来的大小次序",
        "the masked identifiers keep the order of the raw ones",
        "请改用不保序的令牌",
        "use tokens that keep no order";
    /// All values are moved or scaled by one constant.
    ConstantShift = "attack.constant_shift", "固定偏移", "constant shift",
        "全部取值只移动了一个固定量：对齐分布或知道一个原值即可还原",
        "all values are moved by one constant: aligning the distributions, or one known value, gives all back",
        "请按主体使用不同的带密钥偏移",
        "shift each entity by a keyed amount of its own";
    /// The shift of one entity is found from weekdays and holidays.
    EntityShift = "attack.entity_shift", "按主体偏移的还原", "shift of an entity found",
        "由星期和节假日的规律可推出单个主体的偏移量",
        "weekdays and holidays give away by how much an entity's dates are moved",
        "请按周的整数倍偏移、概化到月，或减少每个主体的事件数",
        "shift by whole weeks, generalise to months, or publish fewer events of each entity";
    /// Published parts and columns leave few candidates for an identifier.
    Stitch = "attack.stitch", "拼接还原", "stitching",
        "把已公布的片段和其他字段拼在一起，一个标识符只剩很少的可能",
        "the published parts and other columns together leave few candidates for an identifier",
        "请在全平台对同一标识符只用一种脱敏形式，并概化出生日期、性别、地区等字段",
        "use one form of an identifier everywhere, and generalise birth date, sex and region";
    /// Published parts of an identifier single people out.
    Fragments = "attack.fragments", "片段唯一", "fragments that single out",
        "标识符公布的片段已足以从名单中认出其人",
        "the published part of an identifier is enough to find its owner in a list",
        "请公布更少的位数，或改用令牌",
        "show fewer characters, or use tokens";
    /// A hidden column is determined by another one.
    Determined = "attack.determined", "字段互推", "columns that determine one another",
        "被隐藏的字段可由另一公布字段推出",
        "a hidden column follows from another one that is published",
        "请对两个字段一并概化或去掉",
        "generalise both columns, or leave both out";
    /// Too few entities share their quasi-identifiers.
    KAnonymity = "attack.k_anonymity", "k-匿名", "k-anonymity",
        "有些准标识符组合只属于很少的主体",
        "some combinations of quasi-identifiers belong to too few entities",
        "请概化或抑制准标识符",
        "generalise or suppress quasi-identifiers";
    /// A class has too few sensitive values.
    DistinctDiversity = "attack.distinct_diversity", "l-多样性（不同取值）", "l-diversity (distinct)",
        "有些组合的主体敏感属性几乎都相同，认出组合即知其值",
        "all entities of some combination have the same sensitive values: to know the combination is to know the value",
        "请进一步概化准标识符，或去掉敏感属性",
        "generalise the quasi-identifiers further, or leave the sensitive column out";
    /// A class is dominated by one sensitive value.
    EntropyDiversity = "attack.entropy_diversity", "l-多样性（熵）", "l-diversity (entropy)",
        "有些组合的敏感属性由一个取值占绝大多数",
        "one sensitive value dominates some combination of quasi-identifiers",
        "请进一步概化准标识符，或去掉敏感属性",
        "generalise the quasi-identifiers further, or leave the sensitive column out";
    /// A class differs from the whole table.
    Closeness = "attack.closeness", "t-接近", "t-closeness",
        "有些组合的敏感属性分布与全表相差很大",
        "the sensitive values of some combination are distributed quite unlike those of the whole table",
        "请进一步概化准标识符",
        "generalise the quasi-identifiers further";
    /// Entities that are alone in the data.
    SampleUniqueness = "attack.sample_uniqueness", "样本唯一", "sample uniqueness",
        "一些主体的准标识符组合在数据中独一无二",
        "some entities are the only ones in the data with their combination of quasi-identifiers",
        "请概化或抑制准标识符",
        "generalise or suppress quasi-identifiers";
    /// Entities that are alone in the population, estimated.
    PopulationUniqueness = "attack.population_uniqueness", "总体唯一（估计）", "population uniqueness (estimated)",
        "据估计，与样本唯一者的匹配有较大可能是正确的",
        "a match with an entity that is unique in the sample is estimated to be right too often",
        "请降低抽样比例，或概化准标识符",
        "publish a smaller sample, or generalise quasi-identifiers";
    /// Raw rows are linked to masked rows.
    Reidentification = "attack.reidentification", "准标识符关联", "linkage on quasi-identifiers",
        "持有名单的人能用准标识符把脱敏记录正确对应到人",
        "whoever holds a register finds the right person behind masked rows by their quasi-identifiers",
        "请概化准标识符，或加大扰动",
        "generalise the quasi-identifiers, or perturb them more";
    /// Raw identifiers survive somewhere.
    Residue = "attack.residue", "残留", "residue",
        "原始标识符仍出现在脱敏数据中（含自由文本）",
        "raw identifiers still stand somewhere in the masked data, free text included",
        "请对自由文本做识别替换，或去掉该字段",
        "replace what is found in free text, or leave the column out";
    /// Synthetic rows are nearer to the rows they were learned from than chance allows.
    Memorisation = "attack.memorisation", "记忆", "memorisation",
        "合成记录离训练记录比离未参与训练的记录更近",
        "synthetic rows are nearer to the rows they were learned from than to rows that were held back",
        "请减少模型细节，或提高差分隐私噪声",
        "learn less detail, or add more differential-privacy noise";
    /// Synthetic rows that copy raw ones.
    Copies = "attack.copies", "照抄", "copies",
        "合成记录与独特的原始记录完全相同的比例高于偶然",
        "synthetic rows equal distinctive raw rows more often than chance allows",
        "请减少模型细节，或提高差分隐私噪声",
        "learn less detail, or add more differential-privacy noise";
    /// A column is shuffled inside small groups.
    Shuffle = "attack.shuffle", "组内打乱", "shuffling inside small groups",
        "该字段只在小组内打乱：知道小组即大体知道取值",
        "the column is shuffled inside small groups only: to know the group is nearly to know the value",
        "请在全表或大组内打乱",
        "shuffle over the whole table or inside large groups";
}

/// Why an attack could not be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is no column of the kind that it is about.
    NoColumn,
    /// It is not known which raw row a masked row comes from.
    NoPairs,
    /// Too few rows to tell success from chance.
    FewRows,
    /// It is about synthetic rows, and these are masked ones.
    NotSynthetic,
    /// It is about masked rows, and these are synthetic ones.
    Synthetic,
    /// No rows were held back from learning.
    NoHoldout,
}

impl Reason {
    /// In Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::NoColumn => "没有此攻击所针对的字段",
            Self::NoPairs => "不知道脱敏记录来自哪条原始记录",
            Self::FewRows => "记录太少，无法与偶然区分",
            Self::NotSynthetic => "只针对合成记录",
            Self::Synthetic => "只针对脱敏记录，不针对合成记录",
            Self::NoHoldout => "没有未参与训练的对照记录",
        }
    }

    /// In English.
    #[must_use]
    pub const fn en(self) -> &'static str {
        match self {
            Self::NoColumn => "there is no column that it is about",
            Self::NoPairs => "it is not known which raw row a masked row comes from",
            Self::FewRows => "there are too few rows to tell success from chance",
            Self::NotSynthetic => "it is about synthetic rows only",
            Self::Synthetic => "it is about masked rows, not synthetic ones",
            Self::NoHoldout => "no rows were held back from learning",
        }
    }
}
