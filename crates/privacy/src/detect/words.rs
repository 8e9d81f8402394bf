//! The dictionaries in a form that is asked once a character.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::dictionary::bodies::{ADDRESS_LEADS, ENDINGS, LEADS, NO_ADDRESS_ENDS, PLAIN_ENDINGS};
use super::dictionary::given::{
    FAIR, NAME_CUES, NEVER, PLACEY, SOUNDS, STRONG, SYLLABLES, TITLES, TOP_SURNAMES, WORDS,
};
use super::dictionary::terms::{BODY, ETHNIC_GROUPS, FAITHS, ILLNESS_CUES, ILLNESS_ENDS, NO_ILLNESS};
use super::dictionary::{COMPOUND_SURNAMES, PROVINCES, SURNAMES};

/// What a character can be. A character may be many things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Role(u32);

impl Role {
    pub(super) const TOP_SURNAME: Self = Self(1);
    pub(super) const SURNAME: Self = Self(1 << 1);
    pub(super) const STRONG: Self = Self(1 << 2);
    pub(super) const FAIR: Self = Self(1 << 3);
    pub(super) const PLACEY: Self = Self(1 << 4);
    pub(super) const NEVER: Self = Self(1 << 5);
    pub(super) const SYLLABLE: Self = Self(1 << 6);
    pub(super) const PROVINCE: Self = Self(1 << 7);
    pub(super) const ORGANIZATION_END: Self = Self(1 << 8);
    pub(super) const ADDRESS: Self = Self(1 << 9);
    pub(super) const ILLNESS_END: Self = Self(1 << 10);
    pub(super) const BODY: Self = Self(1 << 11);
    pub(super) const FAITH_END: Self = Self(1 << 12);
    pub(super) const COMPOUND: Self = Self(1 << 13);
    pub(super) const PLAIN_END: Self = Self(1 << 14);
    pub(super) const CUE_END: Self = Self(1 << 15);
    /// Stands for a sound of another language.
    pub(super) const SOUND: Self = Self(1 << 16);
    pub(super) const ETHNIC: Self = Self(1 << 17);
    pub(super) const COMMON: Self = Self(1 << 18);
    /// What running text is looked through for.
    pub(super) const TRIGGER: Self = Self(
        Self::PLAIN_END.0 | Self::FAITH_END.0 | Self::CUE_END.0 | Self::ILLNESS_END.0 | Self::ETHNIC_END.0,
    );
    pub(super) const PROVINCE_FIRST: Self = Self(1 << 20);
    /// 族.
    const ETHNIC_END: Self = Self(1 << 19);
}

/// Signs of the provinces on plates.
const PLATE_SIGNS: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// Last characters of the words that addresses are built of.
const ADDRESS_SIGNS: &str = "省市州盟区县旗镇乡道村区屯庄寨路街巷弄同号幢栋座楼元室层组队户苑园里坊城湾府邸厦场寓庭岛苏木查团连处湖轩居阁";
const FIRST: u32 = 0x4e00;
const COUNT: usize = 0x9fff - 0x4e00 + 1;

/// Words, found by their last character.
#[derive(Debug)]
pub(super) struct Endings(Vec<(char, Vec<char>)>);

impl Endings {
    fn of(words: &[&str]) -> Self {
        let mut all: Vec<(char, Vec<char>)> = words
            .iter()
            .filter_map(|word| Some((word.chars().next_back()?, word.chars().collect())))
            .collect();
        // The longest first of those with the same end.
        all.sort_by_key(|(last, word)| (*last, std::cmp::Reverse(word.len())));
        Self(all)
    }

    /// How many characters the longest of the words has that the text ends with.
    pub(super) fn matched(&self, text: &[char]) -> Option<usize> {
        let last = text.last()?;
        let from = self.0.partition_point(|(end, _)| end < last);
        self.0
            .get(from..)?
            .iter()
            .take_while(|(end, _)| end == last)
            .find(|(_, word)| text.ends_with(word))
            .map(|(_, word)| word.len())
    }
}

/// All words.
#[derive(Debug)]
pub(super) struct Words {
    roles: Vec<u32>,
    pub(super) endings: Endings,
    pub(super) plain_endings: Endings,
    pub(super) no_address: Endings,
    pub(super) illness: Endings,
    pub(super) no_illness: Endings,
    pub(super) illness_cues: Endings,
    /// Words before an organisation and before an address.
    pub(super) leads: Endings,
    pub(super) address_leads: Endings,
    pub(super) cues: Endings,
    pub(super) titles: Endings,
    common: HashSet<Vec<char>>,
    compounds: HashSet<Vec<char>>,
    syllables: HashSet<Vec<char>>,
    ethnic: HashSet<Vec<char>>,
    faiths: HashSet<Vec<char>>,
}

impl Words {
    fn build() -> Self {
        let set = |words: &mut dyn Iterator<Item = &str>| words.map(|word| word.chars().collect()).collect();
        let mut words = Self {
            roles: vec![0; COUNT],
            endings: Endings::of(ENDINGS),
            plain_endings: Endings::of(PLAIN_ENDINGS),
            no_address: Endings::of(NO_ADDRESS_ENDS),
            illness: Endings::of(ILLNESS_ENDS),
            no_illness: Endings::of(NO_ILLNESS),
            illness_cues: Endings::of(ILLNESS_CUES),
            leads: Endings::of(LEADS),
            address_leads: Endings::of(ADDRESS_LEADS),
            cues: Endings::of(NAME_CUES),
            titles: Endings::of(TITLES),
            common: set(&mut WORDS.split_whitespace()),
            compounds: set(&mut COMPOUND_SURNAMES.iter().copied()),
            syllables: set(&mut SYLLABLES.split_whitespace()),
            ethnic: set(&mut ETHNIC_GROUPS.iter().copied()),
            faiths: set(&mut FAITHS.iter().copied()),
        };
        for (role, text) in [
            (Role::TOP_SURNAME, TOP_SURNAMES),
            (Role::SURNAME, SURNAMES),
            (Role::SURNAME, TOP_SURNAMES),
            (Role::STRONG, STRONG),
            (Role::FAIR, FAIR),
            (Role::PLACEY, PLACEY),
            (Role::NEVER, NEVER),
            (Role::PROVINCE, PLATE_SIGNS),
            (Role::ADDRESS, ADDRESS_SIGNS),
            (Role::BODY, BODY),
            (Role::SOUND, SYLLABLES),
            (Role::SOUND, SOUNDS),
        ] {
            text.chars().for_each(|c| words.mark(c, role));
        }
        let firsts = |list: &str| -> Vec<char> {
            list.split_whitespace().filter_map(|word| word.chars().next()).collect()
        };
        let lasts = |list: &[&str]| -> Vec<char> {
            list.iter().filter_map(|word| word.chars().next_back()).collect()
        };
        for (role, marked) in [
            (Role::SYLLABLE, firsts(SYLLABLES)),
            (Role::COMMON, firsts(WORDS)),
            (Role::ETHNIC, ETHNIC_GROUPS.iter().filter_map(|group| group.chars().next()).collect()),
            (Role::ETHNIC_END, vec!['族']),
            (Role::PROVINCE_FIRST, PROVINCES.iter().filter_map(|name| name.chars().next()).collect()),
            (Role::COMPOUND, COMPOUND_SURNAMES.iter().filter_map(|word| word.chars().next()).collect()),
            (Role::ORGANIZATION_END, lasts(ENDINGS)),
            (Role::PLAIN_END, lasts(PLAIN_ENDINGS)),
            (Role::ILLNESS_END, lasts(ILLNESS_ENDS)),
            (Role::FAITH_END, lasts(FAITHS)),
            (Role::CUE_END, lasts(NAME_CUES)),
            (Role::CUE_END, lasts(TITLES)),
        ] {
            marked.into_iter().for_each(|c| words.mark(c, role));
        }
        words
    }

    fn mark(&mut self, c: char, role: Role) {
        if let Some(roles) = slot(c).and_then(|slot| self.roles.get_mut(slot)) {
            *roles |= role.0;
        }
    }

    /// Has the character this role?
    pub(super) fn is(&self, c: char, role: Role) -> bool {
        self.roles(c) & role.0 != 0
    }

    fn roles(&self, c: char) -> u32 {
        slot(c).and_then(|slot| self.roles.get(slot)).copied().unwrap_or(0)
    }

    /// A word that begins like a name and is none.
    pub(super) fn is_common(&self, text: &[char]) -> bool {
        text.first().is_some_and(|c| self.is(*c, Role::COMMON)) && self.common.contains(text)
    }

    pub(super) fn is_compound(&self, text: &[char]) -> bool {
        text.first().is_some_and(|c| self.is(*c, Role::COMPOUND)) && self.compounds.contains(text)
    }

    pub(super) fn is_ethnic(&self, text: &[char]) -> bool {
        text.first().is_some_and(|c| self.is(*c, Role::ETHNIC)) && self.ethnic.contains(text)
    }

    pub(super) fn is_faith(&self, text: &[char]) -> bool {
        text.last().is_some_and(|c| self.is(*c, Role::FAITH_END)) && self.faiths.contains(text)
    }

    /// Is the text made of syllables of Tibetan, Mongolian, Uyghur names and nothing else?
    pub(super) fn is_syllables(&self, mut text: &[char]) -> bool {
        while let Some(first) = text.first() {
            if !self.is(*first, Role::SYLLABLE) {
                return false;
            }
            let fits = |length: &usize| text.get(..*length).is_some_and(|part| self.syllables.contains(part));
            let Some(length) = [4, 3, 2, 1].into_iter().find(fits) else { return false };
            text = text.get(length..).unwrap_or_default();
        }
        true
    }
}

fn slot(c: char) -> Option<usize> {
    usize::try_from(u32::from(c).checked_sub(FIRST)?).ok()
}

/// The words, made ready at the first use.
pub(super) fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(Words::build);
    &WORDS
}
