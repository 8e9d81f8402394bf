//! The scanner of virus signatures that an installation may put before the gate for social data: ClamAV's daemon, asked
//! over its local socket in its own words (`INSTREAM`, clamd(8)). What cannot be scanned is not taken in.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::{Error, Result};

/// How long the scanner may keep an upload waiting for one step.
const PATIENCE: Duration = Duration::from_secs(120);
/// Limit: an answer's length.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// A file on its way through the scanner.
pub(crate) struct Scan {
    stream: UnixStream,
    /// The scanner with the age of its signatures, in its own words.
    version: String,
}

impl Scan {
    /// Begins a file. Nothing to scan with where no socket is set.
    ///
    /// # Errors
    /// `scanner.unavailable`.
    pub(crate) async fn begin(socket: &Path) -> Result<Option<Self>> {
        if socket.as_os_str().is_empty() {
            return Ok(None);
        }
        let mut asked = connect(socket).await?;
        patiently(asked.write_all(b"zVERSION\0")).await?;
        let version = answer(&mut asked).await?;
        let mut stream = connect(socket).await?;
        patiently(stream.write_all(b"zINSTREAM\0")).await?;
        Ok(Some(Self { stream, version }))
    }

    /// Hands over the next bytes.
    ///
    /// # Errors
    /// `scanner.refused` for a file that it does not look at as a whole; `scanner.unavailable`.
    pub(crate) async fn piece(&mut self, bytes: &[u8]) -> Result<()> {
        // A piece of no length ends the file.
        for part in bytes.chunks(1 << 20).filter(|part| !part.is_empty()) {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
            let sent = async {
                self.stream.write_all(&length).await?;
                self.stream.write_all(part).await
            };
            if patiently(sent).await.is_err() {
                // It has hung up, and usually says why.
                let said = answer(&mut self.stream).await?;
                return Err(refused(&said));
            }
        }
        Ok(())
    }

    /// Waits for the verdict.
    ///
    /// # Errors
    /// `gate.malware`; as [`Self::piece`].
    pub(crate) async fn end(mut self) -> Result<String> {
        let ended = patiently(self.stream.write_all(&0_u32.to_be_bytes())).await;
        let said = answer(&mut self.stream).await?;
        let verdict = said.strip_prefix("stream: ").unwrap_or(&said);
        match verdict.strip_suffix(" FOUND") {
            Some(signature) => {
                tracing::warn!(signature, "the scanner found a virus in an upload");
                Err(Error::invalid("gate.malware", signature))
            }
            None if verdict == "OK" && ended.is_ok() => Ok(self.version),
            None => Err(refused(&said)),
        }
    }
}

async fn connect(socket: &Path) -> Result<UnixStream> {
    patiently(UnixStream::connect(socket)).await
}

async fn patiently<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T> {
    let fault = match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error,
        Err(_) => std::io::ErrorKind::TimedOut.into(),
    };
    tracing::error!(error = %fault, "the virus scanner cannot be asked");
    Err(Error::Unavailable("scanner.unavailable"))
}

async fn answer(stream: &mut UnixStream) -> Result<String> {
    let mut said = Vec::new();
    let read = patiently(stream.take(ANSWER_BYTES_MAX).read_to_end(&mut said)).await;
    let text = String::from_utf8_lossy(&said);
    // What hangs up before it has read everything leaves an error behind its last words.
    match text.trim_end_matches(['\0', '\n']) {
        "" => Err(read.err().unwrap_or(Error::Unavailable("scanner.unavailable"))),
        text => Ok(text.to_owned()),
    }
}

fn refused(said: &str) -> Error {
    tracing::error!(said, "the virus scanner did not look at a whole upload");
    Error::explained("scanner.refused", said)
}
