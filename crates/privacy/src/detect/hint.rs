//! What a column's name tells.

use crate::SensitiveKind;
use crate::ir::Label;

/// What a name suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) kind: SensitiveKind,
    pub(super) label: Label,
}

const KINDS: &[(SensitiveKind, &[&str])] = &[
    // Before what their names contain: 电话, 身份证, 机构.
    (SensitiveKind::Landline, &["固定电话", "座机", "固话", "landline", "gddh"]),
    (SensitiveKind::ForeignerPermit, &["永久居留", "永居证"]),
    (SensitiveKind::TravelPermit, &["回乡证", "台胞证", "通行证号", "往来港澳", "往来大陆", "travel_permit"]),
    (SensitiveKind::IpAddress, &["ip地址", "ip", "ip_address", "ip_addr", "ipv4", "ipv6"]),
    (
        SensitiveKind::ResidentId,
        &[
            "身份证",
            "身份号",
            "公民身份",
            "证件号",
            "sfz",
            "sfzh",
            "sfzhm",
            "zjhm",
            "id_card",
            "idcard",
            "resident_id",
            "identity",
            "id_number",
            "idno",
        ],
    ),
    (SensitiveKind::CreditCode, &["信用代码", "tyshxydm", "credit_code", "uscc", "uniscid"]),
    (SensitiveKind::OrganizationCode, &["机构代码", "zzjgdm", "organization_code", "org_code"]),
    (SensitiveKind::Vin, &["车架号", "识别代号", "vin", "clsbdh", "cjh"]),
    (SensitiveKind::BankCard, &["银行卡", "银行账", "bank_card", "bank_account", "card_no", "yhkh"]),
    (
        SensitiveKind::Mobile,
        &["手机", "电话", "mobile", "phone", "cellphone", "tel", "telephone", "sjh", "sjhm", "lxdh", "dh"],
    ),
    (SensitiveKind::Plate, &["车牌", "号牌", "plate", "plate_no", "cph", "cphm", "hphm"]),
    (SensitiveKind::Passport, &["护照", "passport", "hzhm"]),
    (
        SensitiveKind::Coordinate,
        &[
            "坐标",
            "经纬度",
            "经度",
            "纬度",
            "coordinate",
            "coordinates",
            "lng",
            "lat",
            "lon",
            "longitude",
            "latitude",
            "gps",
        ],
    ),
    (SensitiveKind::EthnicGroup, &["民族", "ethnic", "ethnicity", "nation"]),
    (SensitiveKind::Religion, &["宗教", "信仰", "religion", "faith"]),
    (
        SensitiveKind::Medical,
        &["诊断", "疾病", "病史", "病情", "处方", "症状", "diagnosis", "disease", "icd", "icd10", "zdmc"],
    ),
    (SensitiveKind::Email, &["邮箱", "电子邮件", "email", "e_mail"]),
    (SensitiveKind::BirthDate, &["出生", "生日", "birth", "birthday", "birthdate", "csrq", "csny", "dob"]),
    (
        SensitiveKind::OrganizationName,
        &[
            "企业名称",
            "单位名称",
            "公司名称",
            "机构名称",
            "qymc",
            "dwmc",
            "company_name",
            "enterprise_name",
            "organization_name",
        ],
    ),
    (SensitiveKind::Address, &["地址", "住址", "住所", "经营场所", "address", "addr", "dz", "jtzz", "zz"]),
    (
        SensitiveKind::PersonName,
        &[
            "姓名",
            "法定代表人",
            "联系人",
            "负责人",
            "申请人",
            "户主",
            "person_name",
            "full_name",
            "real_name",
            "legal_representative",
            "legal_person",
            "xm",
        ],
    ),
];

const SENSITIVE: &[&str] = &[
    "收入",
    "工资",
    "薪",
    "余额",
    "金额",
    "贷款",
    "负债",
    "婚姻",
    "政治面貌",
    "犯罪",
    "处罚",
    "社保",
    "公积金",
    "income",
    "salary",
    "wage",
    "balance",
    "loan",
    "debt",
    "marital",
    "penalty",
];

const QUASI: &[&str] = &[
    "性别",
    "年龄",
    "籍贯",
    "学历",
    "职业",
    "邮编",
    "邮政编码",
    "gender",
    "sex",
    "age",
    "education",
    "occupation",
    "postcode",
    "zip",
];

const KEYS: &[&str] = &["编号", "编码", "序列号", "流水号", "代码"];

/// Who has a name, before or after `name`.
const PERSONS: &[&str] = &[
    "person",
    "driver",
    "user",
    "owner",
    "contact",
    "customer",
    "client",
    "applicant",
    "patient",
    "student",
    "teacher",
    "employee",
    "staff",
    "member",
    "passenger",
    "holder",
    "first",
    "last",
    "given",
    "family",
    "father",
    "mother",
    "child",
    "citizen",
    "resident",
];
/// What is called like people but is none: places, lines, goods.
const NO_PERSONS: &[&str] = &[
    "站", "线路", "路线", "地名", "地点", "区域", "街道", "村", "品名", "名目", "station", "stop", "route",
    "line", "place", "city", "county", "product", "item",
];

/// Whether a name says that the column holds names of something else than people.
pub(super) fn is_no_person(names: &[&str]) -> bool {
    let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    names.iter().any(|name| NO_PERSONS.iter().any(|word| contains(name, word)))
}

/// `name` alone, or the name of somebody: `driver_name`, `nameOfOwner`.
fn is_persons_name(name: &str) -> bool {
    name == "name" || (name.contains("name") && PERSONS.iter().any(|who| name.contains(who)))
}

/// The first kind, else the label, that one of the names suggests.
pub(super) fn of(names: &[&str]) -> Option<Hint> {
    let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let says = |words: &[&str]| names.iter().any(|name| words.iter().any(|word| contains(name, word)));
    if let Some((kind, _)) = KINDS.iter().find(|(_, words)| says(words)) {
        return Some(Hint { kind: *kind, label: kind.label() });
    }
    if names.iter().any(|name| is_persons_name(name)) {
        let kind = SensitiveKind::PersonName;
        return Some(Hint { kind, label: kind.label() });
    }
    let general = |label| Hint { kind: SensitiveKind::General, label };
    if says(SENSITIVE) {
        return Some(general(Label::Sensitive));
    }
    says(QUASI).then(|| general(Label::Quasi))
}

/// Chinese words anywhere; Latin ones only as whole parts, so that `page` is no age.
fn contains(name: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return name.contains(word);
    }
    name == word
        || name.match_indices(word).any(|(at, _)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphabetic());
            edge(name.get(..at).and_then(|before| before.chars().next_back()))
                && edge(name.get(at + word.len()..).and_then(|after| after.chars().next()))
        })
}

/// Does a name look like that of a key?
pub(super) fn is_key(names: &[&str]) -> bool {
    names.iter().any(|name| {
        let name = name.to_lowercase();
        name == "id"
            || name.ends_with("_id")
            || name.ends_with("_no")
            || name.ends_with("_code")
            || KEYS.iter().any(|word| name.contains(word))
    })
}
