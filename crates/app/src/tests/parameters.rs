//! What a pack sets for the platform.

use privacy::disclosure::Dominance;

use super::fixture::{County, packs};
use crate::packs::PackSource;
use crate::parameters;

/// The packs, with lines added to the parameters of the county's.
fn with(lines: &str) -> Vec<PackSource> {
    let mut packs = packs();
    let county = packs.iter_mut().find(|pack| pack.id == "deqing").unwrap();
    let file = county.files.iter_mut().find(|(name, _)| name == "parameters.yaml").unwrap();
    file.1.push_str(lines);
    packs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_may_set_an_n_k_rule_but_not_half_of_one() {
    const LEADING: &str = "  支配人数: {值: 3, 本地约定: 是}\n";
    const SHARE: &str = "  支配占比: {值: 不超过85%, 约束: 上限, 本地约定: 是}\n";
    let rule = Dominance { contributors: 3, share_ppm: 850_000 };
    for (lines, expected) in [
        (String::new(), Ok(None)),
        (format!("{LEADING}{SHARE}"), Ok(Some(rule))),
        (LEADING.to_owned(), Err("pack.parameter")),
        (SHARE.to_owned(), Err("pack.parameter")),
        (LEADING.replace('3', "9") + SHARE, Err("pack.parameter")),
    ] {
        let county = County::open_with(&with(&lines)).await;
        let found = parameters::thresholds(&county.app.packs().current());
        assert_eq!(found.map(|of| of.dominance).map_err(|error| error.code()), expected, "{lines}");
    }
}
