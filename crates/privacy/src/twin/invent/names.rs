//! Names of people, firms and places that are put together from lists. The places do not exist.

use crate::twin::random::Draw;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "曹", "沈", "陆", "姚", "卢",
    "欧阳", "诸葛",
];
const MALE: &[&str] = &[
    "伟", "强", "磊", "军", "勇", "杰", "涛", "超", "刚", "平", "辉", "鹏", "宇", "浩", "凯", "健", "俊",
    "峰", "龙", "建", "文", "斌", "波", "志", "明",
];
const FEMALE: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "秀", "燕", "玲", "婷", "慧", "颖", "倩", "雪", "琳",
    "梅", "萍", "红", "莉", "佳", "怡", "欣", "月",
];
const PLACES: &[&str] = &["云溪", "青岚", "白鹭", "临泉", "玉屏", "松月", "清渚", "长汀", "望湖", "石桥"];
const ROADS: &[&str] = &["人民", "建设", "解放", "中山", "和平", "新华", "文化", "胜利"];
const WORDS: &[&str] = &["宏", "瑞", "盛", "达", "信", "恒", "泰", "嘉", "兴", "源", "诚", "隆"];
const TRADES: &[&str] = &["贸易", "科技", "食品", "纺织", "机械", "物流", "建材", "农业"];

pub(super) fn person(male: Option<bool>, draw: &mut Draw, out: &mut String) {
    let given = match male.unwrap_or_else(|| draw.below(2) == 1) {
        true => MALE,
        false => FEMALE,
    };
    out.push_str(draw.pick(SURNAMES));
    out.push_str(draw.pick(given));
    if draw.below(3) > 0 {
        out.push_str(draw.pick(given));
    }
}

pub(super) fn organization(draw: &mut Draw, out: &mut String) {
    for list in [PLACES, WORDS, WORDS, TRADES] {
        out.push_str(draw.pick(list));
    }
    out.push_str("有限公司");
}

pub(super) fn address(draw: &mut Draw, out: &mut String) {
    let (town, road) = (draw.pick(PLACES), draw.pick(ROADS));
    let (number, house, room) = (1 + draw.below(400), 1 + draw.below(30), 101 + draw.below(20) * 100);
    out.push_str(&format!("{town}镇{road}路{number}号{house}幢{room}室"));
}
