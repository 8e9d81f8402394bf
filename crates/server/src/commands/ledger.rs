//! `shuyu ledger verify`: the whole data folder, offline.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use app::backup::{FolderReport, verify_folder};

use super::Lang;

pub(crate) async fn verify(
    config: &app::Config,
    key: Option<&str>,
    lang: Lang,
    json: bool,
) -> Result<ExitCode> {
    let key = match key {
        Some(text) => text.parse().context("not a verifier key")?,
        None => app::ledger::public_key(config)?,
    };
    let report = verify_folder(config, &key).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", summary(&report, &key.to_string(), lang));
    }
    Ok(if report.finding.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was proven, or the first thing that is wrong, in words.
pub(crate) fn summary(report: &FolderReport, key: &str, lang: Lang) -> String {
    let log = &report.ledger;
    let mut text = String::new();
    let root = log.root.map(|root| root.to_string()).unwrap_or_default();
    let mut line = |zh: &str, en: &str, value: &dyn std::fmt::Display| {
        // Writing into a String cannot fail.
        let label = lang.pick(zh, en);
        // Chinese characters take two columns.
        let columns: usize = label.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        let _ = writeln!(text, "{label}{}{value}", " ".repeat(26_usize.saturating_sub(columns)));
    };
    line("账本 ", "log", &log.origin);
    line("公钥 ", "public key", &key);
    line("签名检查点 ", "signed entries", &log.size);
    line("根 ", "root", &root);
    line("条目已核 ", "entries checked", &log.entries);
    line("哈希瓦片已核 ", "tiles checked", &log.tiles);
    line("流水行已核 ", "journal rows checked", &log.rows);
    line("密封详情已核 ", "sealed payloads checked", &report.payloads);
    line("待入账行 ", "rows not yet signed", &log.pending);
    line("密封对象已核 ", "sealed objects checked", &report.objects);
    line("密封字节 ", "sealed bytes", &report.object_bytes);
    line("密钥已销毁的对象 ", "objects shredded", &report.destroyed);
    line("无主文件 ", "files no record names", &report.strays);
    match &report.finding {
        None => text.push_str(lang.pick(
            "通过：签名、瓦片、流水行及其密封详情、密封文件相互一致，没有缺失或改动。\n",
            "sound: signature, tiles, journal rows with their sealed payloads, and sealed files agree; none is missing or changed.\n",
        )),
        Some(bad) => {
            let _ = writeln!(
                text,
                "{} {} {} {}：{}",
                lang.pick("不通过：", "NOT SOUND:"),
                bad.file,
                lang.pick("字节", "byte"),
                bad.byte,
                bad.code
            );
        }
    }
    text
}
