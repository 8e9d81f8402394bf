//! What looks like something and is nothing.

use super::draw::Draw;
use super::identifiers;
use super::lists::{
    ESTATES, NO_ADDRESSES, NO_FAITHS, NO_ILLNESSES, NO_NAMES, PRODUCTS, ROADS, SURNAMES, TRADES,
};

/// A text without anything sensitive in it.
pub(super) fn negative(draw: &mut Draw) -> String {
    match draw.below(20) {
        0 => identifiers::wrong_resident(draw),
        1 => order_number(draw),
        2 => time(draw),
        3 => isbn(draw),
        4 => amount(draw),
        5 => measure(draw),
        6 => code(draw),
        7..=10 => draw.word(NO_NAMES).to_owned(),
        11 => format!("{}{}", draw.word(SURNAMES), draw.char("桥庄店村湾寨路厂站街屯沟坡")),
        12 => draw.word(PRODUCTS).to_owned(),
        13 | 14 => draw.word(NO_ADDRESSES).to_owned(),
        15 => draw.word(NO_ILLNESSES).to_owned(),
        16 => draw.word(NO_FAITHS).to_owned(),
        17 => sentence(draw),
        18 => json(draw),
        _ => version(draw),
    }
}

/// Eighteen or so digits that begin with a date.
fn order_number(draw: &mut Draw) -> String {
    let day = format!("20{:02}{:02}{:02}", draw.between(15, 27), draw.between(1, 12), draw.between(1, 28));
    match draw.below(5) {
        0 => format!("{day}{}", draw.digits(10)),
        1 => format!("DD{day}{}", draw.digits(8)),
        2 => format!("订单号：1{}{}", draw.char("3589"), draw.digits(9)),
        3 => format!("{day}-{}-{}", draw.digits(6), draw.digits(4)),
        // The numbers of distributed generators have nineteen digits and begin with 1.
        _ => format!("1{}{}", draw.char("4567"), draw.digits(17)),
    }
}

fn time(draw: &mut Draw) -> String {
    let (year, month, day) = (draw.between(2000, 2027), draw.between(1, 12), draw.between(1, 28));
    let (hour, minute, second) = (draw.below(24), draw.below(60), draw.below(60));
    match draw.below(6) {
        0 => format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
        1 => format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
        2 => format!("{year}年{month}月{day}日"),
        3 => format!("17{}", draw.digits(8)),
        4 => format!("17{}", draw.digits(11)),
        _ => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{}Z", draw.digits(6)),
    }
}

fn isbn(draw: &mut Draw) -> String {
    match draw.below(3) {
        0 => format!("978-7-{}-{}-{}", draw.digits(3), draw.digits(5), draw.digits(1)),
        1 => format!("9787{}", draw.digits(9)),
        _ => format!("ISBN 7-{}-{}-{}", draw.digits(4), draw.digits(4), draw.digits(1)),
    }
}

/// Amounts as long as a mobile number or a card.
fn amount(draw: &mut Draw) -> String {
    let big = format!("1{}{}", draw.char("3589"), draw.digits(9));
    match draw.below(5) {
        0 => format!("{big}.{}", draw.digits(2)),
        1 => format!("¥{big}"),
        2 => format!("{big}元"),
        3 => format!("13 {} {} {}", draw.digits(3), draw.digits(3), draw.digits(3)),
        _ => format!("{},{},{}.00", draw.between(1, 999), draw.digits(3), draw.digits(3)),
    }
}

fn measure(draw: &mut Draw) -> String {
    match draw.below(5) {
        0 => format!("{}.{}", draw.below(500), draw.digits(4)),
        1 => format!("{}.{},{}.{}", draw.below(200), draw.digits(2), draw.below(90), draw.digits(2)),
        2 => format!("{} {} {}", draw.digits(3), draw.digits(3), draw.digits(2)),
        3 => format!("{}kg/{}cm", draw.between(40, 90), draw.between(150, 190)),
        _ => format!("-{}.{}", draw.below(40), draw.digits(1)),
    }
}

/// Numbers of goods, papers and machines.
fn code(draw: &mut Draw) -> String {
    match draw.below(7) {
        0 => format!("XK{}", draw.digits(8)),
        1 => format!("{}-{}-{}", draw.char("ABQRXY"), draw.digits(4), draw.digits(3)),
        2 => (0..32).map(|_| draw.char("0123456789abcdef")).collect(),
        3 => format!("69{}", draw.digits(11)),
        4 => format!("浙食许字{}号", draw.digits(6)),
        5 => format!("〔{}〕{}号", draw.between(2010, 2027), draw.between(1, 300)),
        // As many characters as a vehicle's number, without its check digit nine times in ten, and with
        // letters it must not have.
        _ => format!("{}O{}Q{}", draw.digits(4), draw.digits(6), draw.digits(5)),
    }
}

fn sentence(draw: &mut Draw) -> String {
    let (road, estate, trade) = (draw.word(ROADS), draw.word(ESTATES), draw.word(TRADES));
    match draw.below(6) {
        0 => format!("{road}沿线绿化由养护队负责，计划{}月完工。", draw.between(1, 12)),
        1 => format!("本季度{trade}行业用电量同比增长{}.{}%", draw.below(30), draw.digits(1)),
        2 => format!("{estate}周边新增充电桩{}个，完成率{}%", draw.between(2, 90), draw.between(50, 100)),
        3 => "各单位要高度重视，认真落实安全生产责任制。".to_owned(),
        4 => format!("会议审议了{trade}扶持办法等{}项议题", draw.between(2, 9)),
        _ => format!("第{}次抽检合格，批次{}", draw.between(1, 40), draw.digits(8)),
    }
}

fn json(draw: &mut Draw) -> String {
    match draw.below(3) {
        0 => {
            format!("{{\"status\":\"{}\",\"count\":{}}}", draw.word(&["ok", "正常", "过期"]), draw.digits(5))
        }
        1 => format!("{{\"order_no\":\"1{}{}\"}}", draw.char("35789"), draw.digits(9)),
        _ => format!("{{\"t\":17{},\"items\":[1,2,3,{}]}}", draw.digits(8), draw.digits(4)),
    }
}

fn version(draw: &mut Draw) -> String {
    match draw.below(4) {
        0 => format!("v{}.{}.{}.{}", draw.below(9), draw.below(20), draw.below(99), draw.below(200)),
        1 => format!("{}.{}.{}", draw.below(9), draw.below(20), draw.below(99)),
        2 => format!(
            "{}.{}.{}.{} 总则",
            draw.between(1, 9),
            draw.between(1, 9),
            draw.between(1, 9),
            draw.between(1, 9)
        ),
        _ => format!("10.0.{}.{}", draw.between(10_000, 20_000), draw.digits(4)),
    }
}
