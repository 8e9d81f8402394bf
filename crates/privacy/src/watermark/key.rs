//! The secret key and the secrets drawn from it: addresses, cells, the bits of buyers.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

use super::Buyer;
use crate::masking::{KeyedHash, MaskKey};

/// Blocks that go through the cipher together.
const CHUNK: usize = 128;

/// Bias of a position in 65 536ths: `(1 − 1/√3) / 2` for one half of the positions, the rest to one for the other half.
pub(super) const BIAS_LOW: u16 = 13_849;
/// The other bias.
pub(super) const BIAS_HIGH: u16 = u16::MAX - BIAS_LOW + 1;

/// The secret of a platform's watermarks. Has no text form; wiped when dropped.
#[derive(Debug, Clone)]
pub struct WatermarkKey(MaskKey);

impl WatermarkKey {
    /// From 32 secret bytes, used for nothing else.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(MaskKey::new(bytes))
    }

    pub(super) fn release(&self, release: &str) -> ReleaseKey {
        let hash = |purpose| self.0.hash(purpose, release);
        ReleaseKey {
            addresses: hash("watermark-address"),
            cells: cipher(&hash("watermark-cell").bytes(b"")),
            buyers: hash("watermark-buyer"),
        }
    }
}

/// What is derived for one release.
pub(super) struct ReleaseKey {
    pub(super) addresses: KeyedHash,
    cells: Aes128,
    buyers: KeyedHash,
}

/// The keyed hash of a row's address.
pub(super) type Tag = [u8; 16];

/// What the key says about one cell, for all buyers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secret {
    /// Shift of the lattice.
    pub(super) dither: u64,
    /// Which of two moves of one length.
    pub(super) upward: bool,
    /// Does the cell only balance others, where totals are kept?
    pub(super) ballast: bool,
    /// A buyer has a one here if his word is below.
    pub(super) bias: u16,
    /// Selects the cells that carry.
    pub(super) select: u32,
}

impl Secret {
    pub(super) const fn selected(&self, one_in: u32) -> bool {
        self.select.is_multiple_of(one_in)
    }
}

impl ReleaseKey {
    /// The secrets of one carrier's cells in the rows with these tags.
    pub(super) fn secrets(&self, tags: &[Tag], lane: u16) -> Vec<Secret> {
        encrypt(&self.cells, tags, lane).iter().map(secret).collect()
    }

    pub(super) fn code(&self, buyer: &Buyer) -> Code {
        Code(cipher(&self.buyers.bytes(buyer)))
    }
}

/// The code word of one buyer.
pub(super) struct Code(Aes128);

/// Words of one block: carriers whose bits come from one call of the cipher.
pub(super) const WORDS: u16 = 8;

impl Code {
    /// Eight words for each tag; those of a carrier are block `lane / 8`, word `lane % 8`.
    pub(super) fn words(&self, tags: &[Tag], block: u16) -> Vec<[u16; 8]> {
        let blocks = encrypt(&self.0, tags, block);
        blocks.iter().map(|block| std::array::from_fn(|word| word_at(block, word))).collect()
    }
}

fn word_at(block: &Tag, word: usize) -> u16 {
    let (pairs, _) = block.as_chunks::<2>();
    pairs.get(word).copied().map_or(0, u16::from_le_bytes)
}

fn secret(block: &Tag) -> Secret {
    let number = u128::from_le_bytes(*block);
    let low = |shift: u32| u64::try_from((number >> shift) & u128::from(u64::MAX)).unwrap_or(0);
    let flags = low(64);
    Secret {
        dither: low(0),
        upward: flags & 1 != 0,
        ballast: flags & 2 != 0,
        bias: if flags & 4 != 0 { BIAS_HIGH } else { BIAS_LOW },
        select: u32::try_from(flags >> 32).unwrap_or(0),
    }
}

fn cipher(bytes: &[u8; 32]) -> Aes128 {
    let mut half = [0; 16];
    half.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Aes128::new(&half.into())
}

/// Tags are keyed hashes, so that different pairs of tag and tweak meet in one block with a chance of 2^-128 each.
fn encrypt(cipher: &Aes128, tags: &[Tag], tweak: u16) -> Vec<Tag> {
    let tweak = u128::from(tweak);
    let mut out = Vec::with_capacity(tags.len());
    for chunk in tags.chunks(CHUNK) {
        let mut blocks: Vec<_> =
            chunk.iter().map(|tag| Array((u128::from_le_bytes(*tag) ^ tweak).to_le_bytes())).collect();
        cipher.encrypt_blocks(&mut blocks);
        out.extend(blocks.iter().map(|block| block.0));
    }
    out
}
