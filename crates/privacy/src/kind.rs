//! What a sensitive column holds.

use serde::{Deserialize, Serialize};

use crate::ir::Label;

/// What a column holds, as far as protection is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensitiveKind {
    /// 公民身份号码, 18 characters (GB 11643).
    ResidentId,
    /// 手机号码, 11 digits.
    Mobile,
    /// 统一社会信用代码, 18 characters (GB 32100).
    CreditCode,
    /// 银行卡号, 16–19 digits with a Luhn digit.
    BankCard,
    /// 机动车号牌, ordinary or new energy.
    Plate,
    /// 护照号码.
    Passport,
    /// 自然人姓名.
    PersonName,
    /// 单位名称.
    OrganizationName,
    /// 地址.
    Address,
    /// 出生日期.
    BirthDate,
    /// 电子邮箱.
    Email,
    /// No sensitive shape was found.
    General,
}

impl SensitiveKind {
    /// All kinds, most specific first.
    pub const ALL: [Self; 12] = [
        Self::ResidentId,
        Self::CreditCode,
        Self::BankCard,
        Self::Mobile,
        Self::Plate,
        Self::Passport,
        Self::Email,
        Self::BirthDate,
        Self::Address,
        Self::OrganizationName,
        Self::PersonName,
        Self::General,
    ];

    /// Stable name, used in JSON and for deriving keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::Mobile => "mobile",
            Self::CreditCode => "credit_code",
            Self::BankCard => "bank_card",
            Self::Plate => "plate",
            Self::Passport => "passport",
            Self::PersonName => "person_name",
            Self::OrganizationName => "organization_name",
            Self::Address => "address",
            Self::BirthDate => "birth_date",
            Self::Email => "email",
            Self::General => "general",
        }
    }

    /// Name shown to people.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::ResidentId => "公民身份号码",
            Self::Mobile => "手机号码",
            Self::CreditCode => "统一社会信用代码",
            Self::BankCard => "银行卡号",
            Self::Plate => "机动车号牌",
            Self::Passport => "护照号码",
            Self::PersonName => "姓名",
            Self::OrganizationName => "单位名称",
            Self::Address => "地址",
            Self::BirthDate => "出生日期",
            Self::Email => "电子邮箱",
            Self::General => "一般数据",
        }
    }

    /// Does the value alone point to one person, enterprise or vehicle?
    #[must_use]
    pub const fn is_identifier(self) -> bool {
        matches!(self.label(), Label::Identifier)
    }

    /// The place in the lattice that is proposed for this kind.
    #[must_use]
    pub const fn label(self) -> Label {
        match self {
            Self::ResidentId
            | Self::Mobile
            | Self::CreditCode
            | Self::BankCard
            | Self::Plate
            | Self::Passport
            | Self::PersonName
            | Self::OrganizationName
            | Self::Email => Label::Identifier,
            Self::Address => Label::Sensitive,
            Self::BirthDate => Label::Quasi,
            Self::General => Label::Public,
        }
    }

    /// The sensitivity grade that is proposed for this kind: 1 (lowest) to 4.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::ResidentId | Self::BankCard | Self::Passport => 4,
            Self::Mobile | Self::PersonName | Self::Address | Self::Plate | Self::Email => 3,
            Self::BirthDate => 2,
            Self::CreditCode | Self::OrganizationName => 2,
            Self::General => 1,
        }
    }
}
