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
    /// 固定电话号码, area code and number.
    Landline,
    /// 组织机构代码, nine characters (GB 11714).
    OrganizationCode,
    /// 港澳台往来通行证件号码: 回乡证, 台胞证, 往来港澳通行证, 往来台湾通行证.
    TravelPermit,
    /// 外国人永久居留身份证号码, old and new form.
    ForeignerPermit,
    /// 车辆识别代号, 17 characters (ISO 3779, GB 16735).
    Vin,
    /// IP 地址, version 4 or 6.
    IpAddress,
    /// 坐标: longitude and latitude of a place in China.
    Coordinate,
    /// 民族 (GB/T 3304).
    EthnicGroup,
    /// 医疗健康信息: illnesses, diagnoses.
    Medical,
    /// 宗教信仰.
    Religion,
    /// No sensitive shape was found.
    General,
}

impl SensitiveKind {
    /// All kinds, most specific first.
    pub const ALL: [Self; 22] = [
        Self::ResidentId,
        Self::ForeignerPermit,
        Self::CreditCode,
        Self::BankCard,
        Self::Vin,
        Self::OrganizationCode,
        Self::TravelPermit,
        Self::Mobile,
        Self::Landline,
        Self::Plate,
        Self::Passport,
        Self::Email,
        Self::IpAddress,
        Self::Coordinate,
        Self::BirthDate,
        Self::EthnicGroup,
        Self::Religion,
        Self::Medical,
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
            Self::Landline => "landline",
            Self::OrganizationCode => "organization_code",
            Self::TravelPermit => "travel_permit",
            Self::ForeignerPermit => "foreigner_permit",
            Self::Vin => "vin",
            Self::IpAddress => "ip_address",
            Self::Coordinate => "coordinate",
            Self::EthnicGroup => "ethnic_group",
            Self::Medical => "medical",
            Self::Religion => "religion",
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
            Self::Landline => "固定电话号码",
            Self::OrganizationCode => "组织机构代码",
            Self::TravelPermit => "港澳台通行证件号码",
            Self::ForeignerPermit => "外国人永久居留身份证号码",
            Self::Vin => "车辆识别代号",
            Self::IpAddress => "IP 地址",
            Self::Coordinate => "地理坐标",
            Self::EthnicGroup => "民族",
            Self::Medical => "医疗健康信息",
            Self::Religion => "宗教信仰",
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
            | Self::Email
            | Self::Landline
            | Self::OrganizationCode
            | Self::TravelPermit
            | Self::ForeignerPermit
            | Self::Vin
            | Self::IpAddress => Label::Identifier,
            Self::Address | Self::Coordinate | Self::Medical | Self::Religion => Label::Sensitive,
            Self::BirthDate | Self::EthnicGroup => Label::Quasi,
            Self::General => Label::Public,
        }
    }

    /// The sensitivity grade that is proposed for this kind: 1 (lowest) to 4.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::ResidentId
            | Self::BankCard
            | Self::Passport
            | Self::TravelPermit
            | Self::ForeignerPermit => 4,
            Self::Mobile | Self::PersonName | Self::Address | Self::Plate | Self::Email => 3,
            Self::Landline | Self::Vin | Self::IpAddress => 3,
            Self::Coordinate | Self::Medical | Self::Religion => 3,
            Self::BirthDate | Self::EthnicGroup => 2,
            Self::CreditCode | Self::OrganizationName | Self::OrganizationCode => 2,
            Self::General => 1,
        }
    }
}
