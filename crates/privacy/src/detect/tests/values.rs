//! One value at a time: what each detector takes and what it leaves.

use crate::SensitiveKind as Kind;
use crate::detect::{Scanner, Strength};

/// The kinds found with at least [`Strength::Shape`], and the texts of the findings.
fn found(text: &str) -> Vec<(Kind, String)> {
    let mut scanner = Scanner::new();
    let sure = scanner.scan(text).iter().filter(|finding| finding.strength > Strength::Weak);
    sure.map(|finding| (finding.kind, text.get(finding.start..finding.end).unwrap().to_owned())).collect()
}

fn check(kind: Kind, yes: &[&str], no: &[&str]) {
    for text in yes {
        assert!(
            found(text).iter().any(|(found, _)| *found == kind),
            "{kind:?} in `{text}`: {:?}",
            found(text)
        );
    }
    for text in no {
        assert!(
            found(text).iter().all(|(found, _)| *found != kind),
            "no {kind:?} in `{text}`: {:?}",
            found(text)
        );
    }
}

#[test]
fn resident_ids() {
    check(
        Kind::ResidentId,
        // Both examples of GB 11643; then one each from Hong Kong, Macao and Taiwan, and one of fifteen
        // digits.
        &[
            "11010519491231002X",
            "440524188001010014",
            "810000199001010019",
            "820000199001010010",
            "830000199001010012",
            "110105491231002",
            "110105 19491231 002X",
            "1101-0519-4912-3100-2X",
            "１１０１０５１９４９１２３１００２Ｘ",
            "一一〇一〇五一九四九一二三一〇〇二X",
            "壹壹零壹零伍壹玖肆玖壹贰叁壹零零贰x",
            "110105\u{200b}19491231\u{200b}002X",
            "1101051949123100 2×",
            "身份证号11010519491231002X已核",
            "{\"id\":\"11010519491231002X\"}",
            "ID11010519491231002X",
            "\\u8eab\\u4efd11010519491231002X",
        ],
        &[
            "110105194912310020",
            "110105194902300021",
            "99010519491231002X",
            "110000194912310028",
            "1101051949123100210",
            "a11010519491231002Xb",
            "202401011230451234",
            "110105491331002",
        ],
    );
}

#[test]
fn credit_codes_and_organization_codes() {
    check(
        Kind::CreditCode,
        &[
            "91110000600037341L",
            "91440300708461136T",
            "91350100M000100Y43",
            "9135 0100 M000 100Y 43",
            "91350100m000100y43",
        ],
        &["91350100M000100Y44", "91350100M000100I43", "94110000600037341L", "20240101123045123X"],
    );
    check(
        Kind::OrganizationCode,
        // The example of GB 11714, and the middle of a credit code.
        &["D2143569-X", "70846113-6", "组织机构代码：708461136"],
        &["70846113-7", "00000000-0", "708461136", "7-1111-2345-6", "978-7-111-12345-6"],
    );
}

#[test]
fn cards() {
    check(
        Kind::BankCard,
        &[
            "6222020000000000000",
            "6222 0200 0000 0000 000",
            "4111111111111111",
            "卡号4111-1111-1111-1111",
            "371449635398431",
        ],
        &[
            "6222020000000000005",
            "4111111111111112",
            "2400000000000000000",
            "1745000000000000009",
            "4111 1111 1111 1111 1111",
        ],
    );
}

#[test]
fn vehicles() {
    check(
        Kind::Vin,
        // The example that is printed for the check digit of 49 CFR 565, the same as that of ISO 3779.
        &[
            "1M8GDM9AXKP042788",
            "1m8gdm9axkp042788",
            "1M8GD-M9AXKP-042788",
            "车架号１Ｍ８ＧＤＭ９ＡＸＫＰ０４２７８８",
        ],
        &["1M8GDM9A1KP042788", "IM8GDM9AXKP042788", "11111111111111111", "1M8GDM9AXKP04278A"],
    );
    check(
        Kind::Plate,
        &[
            "浙E12345",
            "浙ED12345",
            "浙E·A1B2C",
            "粤Z1234港",
            "京A1234学",
            "车牌浙E12345违停",
            "沪Ａ１２３４５",
        ],
        &["浙E1234", "浙江12345", "浙E123456789", "云A座101", "I浙12345"],
    );
}

#[test]
fn telephones() {
    check(
        Kind::Mobile,
        &[
            "13800138000",
            "138 0013 8000",
            "138-0013-8000",
            "+86 13800138000",
            "8613800138000",
            "0086-138-0013-8000",
            "一三八零零一三八零零零",
            "幺三八零零幺三八零零零",
            "１３８００１３８０００",
            "tel13800138000",
            "电话13800138000转告",
            "[\"13800138000\",\"x\"]",
        ],
        &[
            "12800138000",
            "1380013800",
            "138001380001",
            "13800138000.00",
            "¥13800138000",
            "13800138000元",
            "13 800 138 000",
            "订单号：13800138000",
            "{\"order_no\":\"13800138000\"}",
            "0.13800138000",
        ],
    );
    check(
        Kind::Landline,
        &[
            "0572-8888888",
            "010-88888888",
            "(0571)88888888",
            "（0571）88888888",
            "0571 88888888",
            "057188888888",
            "+86 571 88888888",
            "0572-8888888-8001",
            "电话：88888888",
        ],
        &["88888888", "0172-8888888", "0572-1888888", "2024-0115", "0572-88888", "400-800-8000"],
    );
}

#[test]
fn papers() {
    check(
        Kind::Passport,
        &["E12345678", "EA1234567", "G12345678", "PE1234567", "护照号E12345678"],
        &["E1234567", "EI1234567", "X12345678", "E123456789", "订单E12345678"],
    );
    check(
        Kind::TravelPermit,
        &["H12345678", "M1234567800", "C12345678", "CA1234567", "W12345678", "L12345678", "台胞证12345678"],
        &["12345678", "A12345678", "H1234567", "CI12345678"],
    );
    check(
        Kind::ForeignerPermit,
        &["GBR330080010112", "933840198001010019"],
        &["GBR990080010112", "GBR330080019912", "933840198001010011", "933840198013010018"],
    );
}

#[test]
fn network_and_places() {
    check(
        Kind::Email,
        &["a.b@example.com", "ａ＠ｂ．ｃｎ", "写信到zhang_3@mail.gov.cn。", "{\"m\":\"x@y.org\"}"],
        &["a@b", "@example.com", "a@.com", "a@b.c", "微博@某人"],
    );
    check(
        Kind::IpAddress,
        &[
            "192.168.1.10",
            "来自203.0.113.9的访问",
            "10.0.0.1",
            "2408:8207::1",
            "fe80::1",
            "[2001:db8::7]:443",
            "203.0.113.9:8080",
        ],
        &[
            "256.1.1.1",
            "1.2.3.4",
            "v10.20.30.40",
            "192.168.1",
            "192.168.1.1.5",
            "12:30:45",
            "aa:bb:cc:dd:ee:ff",
            "std::vec",
        ],
    );
    check(
        Kind::Coordinate,
        &[
            "119.960100,30.534200",
            "30.534200, 119.960100",
            "{\"lng\":119.9601,\"lat\":30.5342}",
            "POINT(119.9601 30.5342)",
            "经度119.9601，纬度30.5342",
            "30°32′03″N 119°57′36″E",
            "E119.9601 N30.5342",
        ],
        &[
            "119.96,30.53",
            "219.9601,30.5342",
            "119.9601,119.9602",
            "-119.9601,30.5342",
            "100.0000 25.0000",
            "119.9601",
        ],
    );
}

#[test]
fn names() {
    check(
        Kind::PersonName,
        &[
            "王芳",
            "李建国",
            "欧阳修",
            "诸葛孔明",
            "张　伟",
            "陈王梓涵",
            "买买提·吐尔逊",
            "迪丽热巴•迪力木拉提",
            "扎西卓玛",
            "亓国强",
            "联系人：李建国，电话",
            "经办人王芳已签字",
            "王芳女士您好",
            "{\"name\":\"赵敏\"}",
            "张伟、李秀英",
        ],
        &[
            "武康站",
            "石景山",
            "安全",
            "高血压",
            "白菜",
            "黄豆",
            "王府路",
            "李村",
            "万达·广场",
            "有效",
            "未婚",
            "今天天气晴朗",
            "马铃薯",
            "方向盘",
            "姓名",
            "{\"name\":\"高速公路\"}",
        ],
    );
}

#[test]
fn organizations_and_addresses() {
    check(
        Kind::OrganizationName,
        &[
            "德清云岫茶叶有限公司",
            "湖州市德清县人民医院",
            "德清县公安局",
            "浙江泽大律师事务所",
            "云岫投资合伙企业（有限合伙）",
            "供应商为浙江云岫茶叶有限公司，已签约",
            "德清县新市镇老王小吃店（个体工商户）",
        ],
        &["公司理财教程", "有限公司注册服务", "公司", "财务部", "银行理财产品A款", "医院用护理垫"],
    );
    check(
        Kind::Address,
        &[
            "浙江省湖州市德清县千秋街1号",
            "德清县武康街道春晖小区3幢2单元501室",
            "杭州市西湖区文三路478号",
            "新市镇谷门村8组12号",
            "地址：中兴路 12 号 3 幢",
            "现住上柏村三组15号，联系不上",
            "北京市朝阳区望京街10号SOHO塔3",
        ],
        &[
            "浙江省",
            "湖州市",
            "德清县",
            "浙江省湖州市",
            "地铁2号线",
            "312国道",
            "人民路改造二期工程",
            "一号文件",
            "3号楼门禁系统",
            "第2批次",
            "单元测试",
        ],
    );
}

#[test]
fn groups_faiths_and_illnesses() {
    check(
        Kind::EthnicGroup,
        &["汉族", "畲族", "维吾尔", "哈萨克族", "民族：回族", "男，土家族，1980年生"],
        &["民族", "贵族", "水族馆", "满族自治县", "上班族"],
    );
    check(
        Kind::Religion,
        &["佛教", "伊斯兰教", "基督徒", "宗教信仰：道教", "本人信仰天主教多年"],
        &["教育", "道教文化节", "佛教协会", "宗教", "助教"],
    );
    check(
        Kind::Medical,
        &["2型糖尿病", "肺炎", "左侧股骨颈骨折", "抑郁症", "诊断：急性阑尾炎", "患者确诊肺结核，建议住院"],
        &["病虫害防治", "毛病", "问题突出", "炎热", "大病保险", "看病"],
    );
}

#[test]
fn findings_tell_where_and_how_much() {
    let mut scanner = Scanner::new();
    let text = "电话：１３８００１３８０００，身份证 110105 19491231 002X。";
    let findings = scanner.scan(text).to_vec();
    let parts: Vec<_> = findings
        .iter()
        .map(|finding| (finding.kind, text.get(finding.start..finding.end).unwrap()))
        .collect();
    assert_eq!(parts, [(Kind::Mobile, "１３８００１３８０００"), (Kind::ResidentId, "110105 19491231 002X")]);
    assert!(findings.iter().all(|finding| !finding.whole));
    assert!(scanner.scan("（13800138000）")[0].whole);
    assert_eq!(scanner.best("110105 19491231 002X", Strength::Weak).unwrap().strength, Strength::Checked);
    assert_eq!(scanner.best("hello world", Strength::Weak), None);
}
