//! Named bounds. A reached limit is an error with a code, never a silent cut.

/// Bytes of one uploaded data file.
pub const UPLOAD_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of one case attachment.
pub const ATTACHMENT_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// Bytes of an ordinary form or JSON request body.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Rows shown or returned by one dev-zone query.
pub const QUERY_ROWS_MAX: usize = 10_000;
/// Bytes of one SQL text.
pub const SQL_BYTES_MAX: usize = 64 * 1024;
/// Rows in a list page.
pub const PAGE_ROWS_MAX: u32 = 100;
/// Columns of a resource.
pub const COLUMNS_MAX: usize = 500;
/// Bytes of one frame between the server and a zone worker.
pub const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Snapshots of a resource, from the newest back, that are compared to see since when it has held the same rows.
pub const SNAPSHOTS_COMPARED_MAX: usize = 16;
