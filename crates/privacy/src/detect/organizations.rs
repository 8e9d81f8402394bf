//! Names of enterprises, offices and other bodies.

use super::words::{Role, Words};

/// Characters of the longest name that is looked for in running text.
pub(super) const NAME_MAX: usize = 40;
const LEGAL_FORMS: &[&str] = &[
    "有限合伙",
    "普通合伙",
    "特殊普通合伙",
    "个体工商户",
    "个人独资",
    "合伙企业",
    "有限责任公司",
    "股份公司",
];

/// Are the characters the name of an organisation, written alone?
pub(super) fn organization(words: &Words, text: &[char]) -> bool {
    let core = without_suffix(text);
    if core.len() < text.len() {
        let suffix: &[char] = text.get(core.len() + 1..text.len() - 1).unwrap_or_default();
        let form = |form: &&str| form.chars().eq(suffix.iter().copied());
        // The legal form itself.
        if core.len() >= 4 && LEGAL_FORMS.iter().any(form) {
            return true;
        }
    }
    if core.len() < 4 || core.len() > NAME_MAX {
        return false;
    }
    let ends = core.last().is_some_and(|c| words.is(*c, Role::ORGANIZATION_END));
    let Some(length) = ends.then(|| words.endings.matched(core)).flatten() else { return false };
    let name = core.get(..core.len() - length).unwrap_or_default();
    // One character that ends a name proves little: it needs a longer name, and one without digits.
    let short = length == 1;
    // 体检中心, 活动中心 are rooms.
    let least = if short || name.len() + 2 == core.len() && core.ends_with(&['中', '心']) { 4 } else { 2 };
    let han = name.iter().filter(|c| !c.is_ascii()).count();
    han >= least && !(short && name.iter().any(char::is_ascii_digit))
}

/// `（有限合伙）`, `（个体工商户）`, `（杭州）` at the end say more about the form, not about the end.
fn without_suffix(text: &[char]) -> &[char] {
    if text.last() != Some(&')') {
        return text;
    }
    text.iter().rposition(|c| *c == '(').and_then(|open| text.get(..open)).unwrap_or(text)
}
