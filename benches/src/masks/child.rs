//! Our masks in a process of their own, whose memory is nobody else's.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use privacy::masking::MaskKey;
use secure_domain::bench::{BenchTables, Masked};
use secure_domain::protocol::Secret;
use serde::{Deserialize, Serialize};

use super::rows;
use crate::draw::mix;
use crate::process::peak_kib;

/// First argument of such a process.
pub(crate) const WORD: &str = "mask-rows";
/// Number of the sealed table, and of the first masked one.
const RAW: u8 = 0;
const MASKED: u8 = 128;

/// Sealed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Clear,
    Sealed,
}

/// What a pass took.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Took {
    pub(super) millis: f64,
    pub(super) rows: u64,
    pub(super) peak_kib: u64,
}

/// Where the masked rows lie in clear.
pub(super) fn masked(folder: &Path) -> PathBuf {
    folder.join("masked.parquet")
}

/// What the key of the sealed table comes from, told to the child through its standard input.
pub(super) fn secret() -> u64 {
    mix(u64::from(std::process::id()))
}

/// The key of the sealed table. Made-up rows need none that is hard to guess.
pub(super) fn key(secret: u64) -> Secret {
    let words: Vec<u8> = (0..4).flat_map(|word| mix(secret ^ word).to_be_bytes()).collect();
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(words).for_each(|(to, from)| *to = from);
    Secret::new(bytes.into())
}

/// Masks the table in a process of its own.
///
/// # Errors
/// If that fails.
pub(super) fn run(folder: &Path, form: Form, threads: usize, secret: u64, turn: usize) -> Result<Took> {
    let form = if form == Form::Sealed { "sealed" } else { "clear" };
    let mut child = Command::new(std::env::current_exe()?)
        .args([WORD, form, &threads.to_string(), &turn.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("no pipe")?;
    input.write_all(secret.to_string().as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "masking ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The child's part: arguments after [`WORD`].
///
/// # Errors
/// If rows cannot be read, masked or written.
pub(crate) fn work(arguments: &[String]) -> Result<()> {
    let [form, threads, turn, folder] = arguments else { bail!("four arguments are needed") };
    let (threads, turn, folder): (usize, u8, &Path) = (threads.parse()?, turn.parse()?, Path::new(folder));
    let mut secret = String::new();
    std::io::stdin().read_to_string(&mut secret)?;
    let tables = BenchTables::keyed(folder, key(secret.parse()?));
    let (columns, mask_key) = (rows::masks(), MaskKey::new([7; 32]).project("bench"));
    let masked = Masked { columns: &columns, key: &mask_key, threads };
    let start = Instant::now();
    let rows = match form.as_str() {
        "sealed" => masked.sealed(&tables, RAW, MASKED + turn)?,
        _ => masked.clear(&folder.join("visits.parquet"), &self::masked(folder))?,
    };
    let millis = start.elapsed().as_secs_f64() * 1e3;
    let took = Took { millis, rows, peak_kib: peak_kib("self")? };
    Ok(serde_json::to_writer(std::io::stdout(), &took)?)
}
