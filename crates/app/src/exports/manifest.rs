//! What is frozen when an export is asked for: every file and every text it came from, each by its digest. Reviewers vote
//! about the digest of the list; when anything on it is another thing at the door, nothing leaves.

use base::{Digest, Id, canonical_json, kind};
use serde::{Deserialize, Serialize};
use storage::{Tx, objects as rows};

use super::ReleaseFormat;
use crate::runs::{Run, RunResult};
use crate::{Error, Result};

/// One thing that is frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// What it is: `result`, `cells`, `model`, `query`, `terms`, or `input/` with a table's name.
    pub name: String,
    /// Its digest; of sealed files that of their sealed bytes.
    pub digest: Digest,
}

/// The list of what is frozen. Nothing on it is a secret of the result: the report of disclosure control, which could be
/// guessed from a digest, is held against the run's own instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Digest of the list in canonical form.
    pub digest: Digest,
    /// The things, by name.
    pub files: Vec<Frozen>,
}

impl Manifest {
    /// The list for a result as it lies there now.
    ///
    /// # Errors
    /// `object.unknown` for a result whose files are not registered.
    pub(crate) async fn of(
        tx: &mut Tx<'_>,
        run: &Run,
        result: &RunResult,
        format: ReleaseFormat,
    ) -> Result<Self> {
        let frozen = |name: &str, digest| Frozen { name: name.to_owned(), digest };
        let mut files = vec![
            frozen("result", registered(tx, result.object).await?),
            frozen("model", run.model_digest),
            frozen("query", result.ir_digest),
            frozen("terms", digest_of(&(&run.values, run.thresholds, &result.output, format))?),
        ];
        if let Some(cells) = result.cells {
            files.push(frozen("cells", registered(tx, cells).await?));
        }
        files.extend(run.inputs.iter().map(|pin| frozen(&format!("input/{}", pin.table), pin.digest)));
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { digest: digest_of(&files)?, files })
    }
}

async fn registered(tx: &mut Tx<'_>, object: Id<kind::Object>) -> Result<Digest> {
    let row = rows::get(tx, object).await?.ok_or(Error::NotFound("object.unknown"))?;
    Ok(row.digest)
}

fn digest_of(value: &(impl Serialize + ?Sized)) -> Result<Digest> {
    let bytes = canonical_json(&value).map_err(|error| Error::internal("export.manifest", error))?;
    Ok(Digest::of(&bytes))
}
