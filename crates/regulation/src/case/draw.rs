//! Drawing experts (抽取专家) so that anybody can draw again and get the same names.
//!
//! 1. The list: names without surrounding space, each once, in the order of their UTF-8 bytes. Its digest is the
//!    SHA-256 of the names, each followed by a line feed (`LC_ALL=C sort -u names.txt | sha256sum`).
//! 2. Each name's lot: the SHA-256 of the seed, a line feed, the digest in hexadecimal, a line feed, the name
//!    (`printf '%s\n%s\n%s' "$seed" "$digest" "$name" | sha256sum`).
//! 3. The names with the smallest lots are drawn, in the order of their lots.
//!
//! The draw is as fair as its seed: the seed should be a public number that nobody could know when the list was
//! closed, for example a lottery's result of a day announced before. A second draw in the same visit of a step is
//! refused, so that nobody draws until the names please.

use base::Digest;

/// A draw with everything that is needed to do it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The list in the order its digest was taken.
    pub list: Vec<String>,
    /// Digest of the list.
    pub digest: Digest,
    /// Who was drawn, in order.
    pub drawn: Vec<String>,
}

/// Draws `count` names. `None` if the list holds fewer.
#[must_use]
pub fn draw<'a>(names: impl IntoIterator<Item = &'a str>, count: usize, seed: &str) -> Option<Drawing> {
    let trimmed = names.into_iter().map(str::trim).filter(|name| !name.is_empty());
    let mut list: Vec<String> = trimmed.map(str::to_owned).collect();
    list.sort();
    list.dedup();
    if list.len() < count {
        return None;
    }
    let lines: String = list.iter().flat_map(|name| [name.as_str(), "\n"]).collect();
    let digest = Digest::of(lines.as_bytes());
    let lot = |name: &String| Digest::of(format!("{seed}\n{digest}\n{name}").as_bytes()).0;
    let mut ranked: Vec<&String> = list.iter().collect();
    ranked.sort_by_key(|name| lot(name));
    let drawn = ranked.into_iter().take(count).cloned().collect();
    Some(Drawing { list, digest, drawn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_can_be_done_again_by_hand() {
        let drawing = draw(["丙", "甲", " 乙 ", "甲"], 2, "2026-09-18 排列五 12345").unwrap();
        assert_eq!(drawing.list, ["丙", "乙", "甲"]);
        // printf '丙\n乙\n甲\n' | sha256sum
        assert_eq!(
            drawing.digest.to_string(),
            "27fe4bff01b85e988c331b55409665680be83300af72c9f05d12c1f4b01afcd3"
        );
        // printf '%s\n%s\n%s' '2026-09-18 排列五 12345' "$digest" 甲 | sha256sum, and so on for 乙 and 丙
        assert_eq!(drawing.drawn, ["甲", "丙"]);
    }

    #[test]
    fn every_seed_draws_anew_and_everybody_has_a_chance() {
        let names: Vec<String> = (0..10).map(|n| format!("专家{n}")).collect();
        let mut times = [0_u32; 10];
        for seed in 0..2_000 {
            let drawing = draw(names.iter().map(String::as_str), 3, &format!("seed {seed}")).unwrap();
            assert_eq!(
                drawing,
                draw(names.iter().rev().map(String::as_str), 3, &format!("seed {seed}")).unwrap()
            );
            for name in &drawing.drawn {
                times[names.iter().position(|one| one == name).unwrap()] += 1;
            }
        }
        // 600 expected each; the standard deviation is about 20.
        assert!(times.iter().all(|times| (500..700).contains(times)), "{times:?}");
        assert_eq!(times.iter().sum::<u32>(), 6_000);
    }

    #[test]
    fn a_short_list_draws_nobody() {
        assert_eq!(draw(["甲", "甲 ", ""], 2, "seed"), None);
        assert_eq!(draw([], 1, "seed"), None);
        assert_eq!(draw(["甲"], 1, "seed").unwrap().drawn, ["甲"]);
    }
}
