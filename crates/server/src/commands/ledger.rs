//! `shuyu ledger verify`: the whole data folder, offline; `shuyu ledger certificate`: one certificate of destruction.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use app::backup::{FolderReport, verify_folder};
use app::tenants::CertificateVerdict;

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

pub(crate) fn certificate(
    config: &app::Config,
    file: &Path,
    key: Option<&str>,
    lang: Lang,
) -> Result<ExitCode> {
    let key = match key {
        Some(text) => text.parse().context("not a verifier key")?,
        None => app::ledger::public_key(config)?,
    };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let verdict = app::tenants::verify_certificate(&text, &key)?;
    print!("{}", proven(&verdict, lang));
    Ok(if verdict.certificate.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a certificate proves, in words.
pub(crate) fn proven(verdict: &CertificateVerdict, lang: Lang) -> String {
    let mut text = String::new();
    let known = &verdict.certificate;
    let residue = known.residue.clone().unwrap_or_default();
    let mut line = |zh: &str, en: &str, value: &dyn std::fmt::Display| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{} {value}", lang.pick(zh, en));
    };
    line("账本", "log", &verdict.origin);
    line("签名条目", "signed entries", &verdict.size);
    line("销毁记录", "record of the destruction", &known.journal_seq);
    line("销毁对象", "objects destroyed", &known.objects);
    line("扫描文件", "files searched", &residue.files);
    line("扫描字节", "bytes searched", &residue.bytes);
    line("查找密钥", "keys searched for", &(residue.keys + residue.wrapped_keys));
    line("查找金丝雀", "canaries searched for", &residue.canaries);
    line("残留", "found", &(residue.found + known.readable));
    for found in &residue.findings {
        let what = serde_json::to_value(found.secret).ok();
        let what = what.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        line("  ", "  ", &format!("{} @{} {what}", found.file, found.byte));
    }
    text.push_str(if known.passed {
        lang.pick(
            "通过：账本证明本证明书的每一项，没有发现残留。\n",
            "sound: the ledger vouches for every figure; nothing was found.\n",
        )
    } else {
        lang.pick(
            "未完成：账本证明本证明书，但发现残留，销毁没有完成。\n",
            "NOT DONE: the ledger vouches for it, and it says that something is left.\n",
        )
    });
    text
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
