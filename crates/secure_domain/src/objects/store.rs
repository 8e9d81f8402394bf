//! The engine's view: a read-only object store over opened sealed objects.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, RwLock, Weak};

use async_trait::async_trait;
use base::{Id, kind};
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error as StoreError, GetOptions, GetRange, GetResult, GetResultPayload,
    ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use super::ObjectFile;

const NAME: &str = "sealed";
/// Ranges of one request closer than this are opened in one go: they mostly share chunks.
const COALESCE_BYTES: u64 = 64 * 1024;

/// Sealed objects by id, as the engine sees them. What was not put in cannot be reached: nothing is listed, nothing is
/// found by name on disk, nothing can be written. An object is there for as long as a table or a running query holds it.
#[derive(Debug, Default)]
pub(crate) struct SealedStore {
    objects: RwLock<HashMap<Path, Weak<ObjectFile>>>,
}

impl SealedStore {
    /// Base URL under which the store is registered with the engine.
    pub(crate) const URL: &'static str = "sealed://zone/";

    /// Makes an opened object readable and returns its URL.
    pub(crate) fn put_object(&self, object: Id<kind::Object>, file: &Arc<ObjectFile>) -> String {
        if let Ok(mut objects) = self.objects.write() {
            objects.retain(|_, file| file.strong_count() > 0);
            objects.insert(Path::from(object.to_string()), Arc::downgrade(file));
        }
        format!("{}{object}", Self::URL)
    }

    fn object(&self, location: &Path) -> Result<Arc<ObjectFile>> {
        let objects = self.objects.read().map_err(|_| not_found(location))?;
        objects.get(location).and_then(Weak::upgrade).ok_or_else(|| not_found(location))
    }
}

impl std::fmt::Display for SealedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(NAME)
    }
}

#[async_trait]
impl ObjectStore for SealedStore {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(StoreError::NotImplemented { operation: "put".to_owned(), implementer: NAME.to_owned() })
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(StoreError::NotImplemented {
            operation: "put_multipart".to_owned(),
            implementer: NAME.to_owned(),
        })
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let file = self.object(location)?;
        let size = file.plain_len();
        let meta = meta(location, size);
        let range = match options.range {
            _ if options.head => 0..0,
            None => 0..size,
            Some(GetRange::Bounded(range)) => range.start..range.end.min(size),
            Some(GetRange::Offset(start)) => start..size,
            Some(GetRange::Suffix(len)) => size.saturating_sub(len)..size,
        };
        let bytes = if range.is_empty() { Bytes::new() } else { read(&file, range.clone())? };
        let payload = GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::new() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let file = self.object(location)?;
        object_store::coalesce_ranges(
            ranges,
            |range| std::future::ready(read(&file, range)).boxed(),
            COALESCE_BYTES,
        )
        .await
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async {
            Err(StoreError::NotImplemented { operation: "delete".to_owned(), implementer: NAME.to_owned() })
        })
        .boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::empty().boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Ok(ListResult { common_prefixes: Vec::new(), objects: Vec::new() })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(StoreError::NotImplemented { operation: "copy".to_owned(), implementer: NAME.to_owned() })
    }
}

/// Opening is arithmetic on a few chunks from the page cache; handing it to another thread costs more than it saves.
fn read(file: &ObjectFile, range: Range<u64>) -> Result<Bytes> {
    file.read(range).map_err(|error| StoreError::Generic { store: NAME, source: Box::new(error) })
}

fn meta(location: &Path, size: u64) -> ObjectMeta {
    // Objects never change, so a constant time is as good as any for the engine's caches.
    ObjectMeta {
        location: location.clone(),
        last_modified: Default::default(),
        size,
        e_tag: None,
        version: None,
    }
}

fn not_found(location: &Path) -> StoreError {
    StoreError::NotFound { path: location.to_string(), source: "no such object in this zone".into() }
}
