//! The form in which contributions are sealed: a JSON header of each part, its digests, its sets in roaring's portable format.

use std::io::Read;

use privacy::disclosure::ledger::MeasureId;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{Asks, Contributions, DIGEST_BYTES, Part, Whom};
use crate::Error;

/// First bytes of the sealed form.
const MARK: &[u8; 8] = b"shuyuct3";
/// Those of the form before it, which lacked what noise is drawn by.
const MARK_SECOND: &[u8; 8] = b"shuyuct2";
/// Those of the first form, in which numbers of snapshots were shorter as well.
const MARK_FIRST: &[u8; 8] = b"shuyuct1";

/// What stands before the bytes of one part.
#[derive(Serialize, Deserialize)]
struct Header {
    kind: String,
    measures: Vec<MeasureId>,
    #[serde(default)]
    rows: bool,
    #[serde(default)]
    whom: Whom,
    #[serde(default)]
    secrets: Vec<(MeasureId, u32)>,
    #[serde(default)]
    asks: Vec<Asks>,
    #[serde(default)]
    unshown: Vec<u32>,
    /// Of those that are not shown; none where secrets make no groups.
    #[serde(default)]
    groups: Vec<u32>,
    entities: usize,
    cells: usize,
}

impl Contributions {
    /// The form that is sealed: a JSON header of each part, its digests, its sets in roaring's portable format.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = MARK.to_vec();
        bytes.extend(self.snapshot.to_be_bytes());
        self.noisy.serialize_into(&mut bytes)?;
        let few: Vec<u32> = self.few.iter().collect();
        let noise = (self.weighted, &self.drawn_by, few, self.halved);
        let noise = serde_json::to_vec(&noise).map_err(|_| Error::RunFailed)?;
        put(&mut bytes, noise.len())?;
        bytes.extend(noise);
        put(&mut bytes, self.parts.len())?;
        for part in &self.parts {
            let header = Header {
                kind: part.kind.clone(),
                measures: part.measures.clone(),
                rows: part.rows,
                whom: part.whom,
                secrets: part.secrets.iter().map(|(measure, edition)| (*measure, *edition)).collect(),
                asks: part.asks.clone(),
                unshown: part.unshown.iter().map(|(asks, _)| asks.presence()).collect(),
                groups: part.unshown.iter().map(|(asks, _)| asks.group).collect(),
                entities: part.digests.len(),
                cells: part.cells.len(),
            };
            let header = serde_json::to_vec(&header).map_err(|_| Error::RunFailed)?;
            put(&mut bytes, header.len())?;
            bytes.extend(header);
            part.digests.iter().for_each(|digest| bytes.extend(digest));
            for cell in part.cells.iter().chain(part.unshown.iter().map(|(_, cell)| cell)) {
                cell.serialize_into(&mut bytes)?;
            }
        }
        Ok(bytes)
    }

    /// Reads them again.
    ///
    /// # Errors
    /// `domain.order_mismatch` for bytes that are none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        read(bytes).ok_or(Error::OrderMismatch { what: "contributions" })
    }
}

fn put(bytes: &mut Vec<u8>, number: usize) -> Result<(), Error> {
    let number = u32::try_from(number).map_err(|_| Error::Limit { what: "contributors" })?;
    bytes.extend(number.to_be_bytes());
    Ok(())
}

fn read(mut bytes: &[u8]) -> Option<Contributions> {
    let mut mark = [0; MARK.len()];
    bytes.read_exact(&mut mark).ok()?;
    let snapshot = match &mark {
        MARK | MARK_SECOND => u64::from(word(&mut bytes)?) << 32 | u64::from(word(&mut bytes)?),
        MARK_FIRST => u64::from(word(&mut bytes)?),
        _ => return None,
    };
    let noisy = RoaringBitmap::deserialize_from(&mut bytes).ok()?;
    let (weighted, drawn_by, few, halved): (_, _, Vec<u32>, _) = match &mark {
        MARK => {
            let length = number(&mut bytes)?;
            let (noise, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            serde_json::from_slice(noise).ok()?
        }
        _ => (false, Vec::new(), Vec::new(), false),
    };
    let parts = number(&mut bytes)?;
    let mut found = Vec::new();
    for _ in 0..parts {
        let length = number(&mut bytes)?;
        let (header, rest) = bytes.split_at_checked(length)?;
        let header: Header = serde_json::from_slice(header).ok()?;
        let (digests, rest) = rest.split_at_checked(header.entities.checked_mul(DIGEST_BYTES)?)?;
        bytes = rest;
        let (digests, []) = digests.as_chunks::<DIGEST_BYTES>() else { return None };
        let mut cells = Vec::new();
        for _ in 0..header.cells.checked_add(header.unshown.len())? {
            let cell = RoaringBitmap::deserialize_from(&mut bytes).ok()?;
            let fits =
                cell.max().is_none_or(|last| usize::try_from(last).is_ok_and(|last| last < header.entities));
            cells.push(Some(cell).filter(|_| fits)?);
        }
        let groups = header.groups.into_iter().chain(std::iter::repeat(0));
        let hidden = header.unshown.into_iter().zip(groups);
        let hidden = hidden.map(|(known, group)| Asks { question: known.wrapping_sub(group), group });
        let unshown = hidden.zip(cells.split_off(header.cells)).collect();
        let asks = if header.asks.is_empty() { vec![Asks::default(); header.cells] } else { header.asks };
        if asks.len() != header.cells {
            return None;
        }
        found.push(Part {
            kind: header.kind,
            measures: header.measures,
            rows: header.rows,
            whom: header.whom,
            secrets: header.secrets.into_iter().collect(),
            asks,
            unshown,
            digests: digests.to_vec(),
            cells,
        });
    }
    let rows: Vec<usize> = found.iter().map(|part| part.cells.len()).collect();
    let even = rows.windows(2).all(|pair| pair.first() == pair.last());
    (bytes.is_empty() && even).then_some(Contributions {
        snapshot,
        noisy,
        weighted,
        drawn_by,
        few: few.into_iter().collect(),
        halved,
        parts: found,
    })
}

fn word(bytes: &mut &[u8]) -> Option<u32> {
    let mut word = [0; 4];
    bytes.read_exact(&mut word).ok()?;
    Some(u32::from_be_bytes(word))
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    usize::try_from(word(bytes)?).ok()
}
