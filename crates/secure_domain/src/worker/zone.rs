//! What a worker holds.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use base::limit::UPLOAD_BYTES_MAX;
use bytes::Bytes;
use privacy::masking::MaskKey;

use crate::Error;
use crate::books::Books;
use crate::engine::{DevEngine, ProdEngine};
use crate::objects::KeyRing;
use crate::protocol::{Init, Secret, ZoneKind};
use crate::serving::{Index, Verification};

/// Limit: uploads open at once.
const UPLOADS_MAX: usize = 8;

/// A zone with everything it holds.
pub(super) struct Zone {
    pub(super) kind: ZoneKind,
    pub(super) objects_dir: PathBuf,
    pub(super) keys: Arc<KeyRing>,
    pub(super) engine: Engine,
    pub(super) mask_key: Option<MaskKey>,
    pub(super) indexes: RwLock<HashMap<String, Arc<Index>>>,
    pub(super) verifications: RwLock<HashMap<String, Arc<Verification>>>,
    uploads: Mutex<HashMap<u64, Vec<u8>>>,
}

/// The engine that fits the zone; an intake zone has none, and the ledger zone has its books.
pub(super) enum Engine {
    None,
    Ledger(Books),
    Dev(DevEngine),
    Prod(ProdEngine),
}

impl Zone {
    pub(super) fn open(init: Init) -> Result<Self, Error> {
        let keys = Arc::new(KeyRing::default());
        keys.add(init.keys);
        let dir = init.objects_dir.clone();
        let engine = match init.zone {
            ZoneKind::Intake => Engine::None,
            ZoneKind::Dev => Engine::Dev(DevEngine::with_keys(dir, Arc::clone(&keys), init.limits)?),
            ZoneKind::Prod => Engine::Prod(ProdEngine::open(dir, Arc::clone(&keys), init.limits)?),
            ZoneKind::Ledger => Engine::Ledger(Books::open(&dir, &keys, &init.pages)?),
        };
        let zone = Self {
            kind: init.zone,
            objects_dir: init.objects_dir,
            keys,
            engine,
            mask_key: init.mask_key.as_ref().map(mask_key),
            indexes: RwLock::default(),
            verifications: RwLock::default(),
            uploads: Mutex::default(),
        };
        zone.set_tables(init.tables)?;
        Ok(zone)
    }

    pub(super) fn set_tables(&self, tables: Vec<crate::protocol::TableSpec>) -> Result<(), Error> {
        match &self.engine {
            Engine::None | Engine::Ledger(_) if tables.is_empty() => Ok(()),
            Engine::None | Engine::Ledger(_) => Err(Error::WrongZone { operation: "tables" }),
            Engine::Dev(engine) => engine.session.set_tables(tables),
            Engine::Prod(engine) => engine.session.set_tables(tables),
        }
    }

    /// Appends a piece to an upload.
    pub(super) fn upload(&self, upload: u64, piece: &Bytes) -> Result<(), Error> {
        if self.kind != ZoneKind::Intake {
            return Err(Error::WrongZone { operation: "upload" });
        }
        let mut uploads = self.uploads.lock().map_err(|_| Error::RunFailed)?;
        let held: usize = uploads.values().map(Vec::len).sum();
        if held as u64 + piece.len() as u64 > UPLOAD_BYTES_MAX {
            uploads.remove(&upload);
            return Err(Error::Limit { what: "upload_bytes" });
        }
        if uploads.len() >= UPLOADS_MAX && !uploads.contains_key(&upload) {
            return Err(Error::Limit { what: "uploads" });
        }
        uploads.entry(upload).or_default().extend_from_slice(piece);
        Ok(())
    }

    pub(super) fn take_upload(&self, upload: u64) -> Result<Bytes, Error> {
        let mut uploads = self.uploads.lock().map_err(|_| Error::RunFailed)?;
        uploads.remove(&upload).map(Bytes::from).ok_or_else(|| Error::unknown("upload", upload))
    }
}

pub(super) fn mask_key(secret: &Secret) -> MaskKey {
    MaskKey::new(*secret.bytes())
}
