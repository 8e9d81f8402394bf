//! Frames on the socket: length of header, length of body (both u32, big-endian), JSON header, bytes.

use base::limit::FRAME_BYTES_MAX;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::Error;

/// Limit: bytes of a JSON header, so that a body of the full frame size still fits.
pub(crate) const HEADER_BYTES_MAX: usize = FRAME_BYTES_MAX;

/// Encodes header and body; refuses what the other side would refuse.
pub(crate) fn encode<H: Serialize>(header: &H, body: &[u8]) -> Result<Vec<u8>, Error> {
    let header = serde_json::to_vec(header).map_err(|_| Error::Protocol { what: "header" })?;
    if header.len() > HEADER_BYTES_MAX || body.len() > FRAME_BYTES_MAX {
        return Err(Error::Limit { what: "frame_bytes" });
    }
    let lengths = (u32::try_from(header.len()), u32::try_from(body.len()));
    let (Ok(header_len), Ok(body_len)) = lengths else {
        return Err(Error::Limit { what: "frame_bytes" });
    };
    let mut frame = Vec::with_capacity(8 + header.len() + body.len());
    frame.extend_from_slice(&header_len.to_be_bytes());
    frame.extend_from_slice(&body_len.to_be_bytes());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(body);
    Ok(frame)
}

/// Writes one encoded frame.
pub(crate) async fn write<W: AsyncWrite + Unpin>(writer: &mut W, frame: &[u8]) -> Result<(), Error> {
    writer.write_all(frame).await?;
    writer.flush().await?;
    Ok(())
}

/// Reads one frame; `None` when the other side closed between frames.
pub(crate) async fn read<R: AsyncRead + Unpin, H: DeserializeOwned>(
    reader: &mut R,
) -> Result<Option<(H, Bytes)>, Error> {
    let header_len = match reader.read_u32().await {
        Ok(len) => len as usize,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let body_len = reader.read_u32().await? as usize;
    if header_len > HEADER_BYTES_MAX || body_len > FRAME_BYTES_MAX {
        return Err(Error::Limit { what: "frame_bytes" });
    }
    let mut header = vec![0; header_len];
    reader.read_exact(&mut header).await?;
    let mut body = vec![0; body_len];
    reader.read_exact(&mut body).await?;
    let header = serde_json::from_slice(&header).map_err(|_| Error::Protocol { what: "header" })?;
    Ok(Some((header, Bytes::from(body))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_round_trip_and_end_cleanly() {
        let mut bytes = encode(&("hello", 7), b"body").unwrap();
        bytes.extend(encode(&("again", 8), b"").unwrap());
        let mut reader = bytes.as_slice();
        let (header, body): ((String, u32), _) = read(&mut reader).await.unwrap().unwrap();
        assert_eq!((header.0.as_str(), header.1, &body[..]), ("hello", 7, &b"body"[..]));
        let (header, _): ((String, u32), _) = read(&mut reader).await.unwrap().unwrap();
        assert_eq!(header.1, 8);
        assert!(read::<_, (String, u32)>(&mut reader).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn oversized_and_broken_frames_are_errors() {
        let mut huge: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        assert_eq!(read::<_, u32>(&mut huge).await.unwrap_err().code(), "domain.limit");
        let mut broken: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 0, b'x'];
        assert_eq!(read::<_, u32>(&mut broken).await.unwrap_err().code(), "domain.protocol");
        let mut cut: &[u8] = &[0, 0, 0, 9, 0, 0, 0, 0, b'1'];
        assert_eq!(read::<_, u32>(&mut cut).await.unwrap_err().code(), "domain.io");
    }
}
