//! Totals that stay: what carrying cells add is taken from cells that carry nothing.

/// A cell that may move to balance others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ballast {
    pub(super) row: usize,
    /// How far down, in grains, at least 0.
    pub(super) down: i64,
    /// How far up, in grains, at least 0.
    pub(super) up: i64,
}

/// Moves of the ballast so that all moves sum to zero, in grains, as many as ballast cells. Where the ballast cannot take
/// everything, moves of carrying cells are taken back, in their order, until it can.
pub(super) fn balance(moves: &mut [i64], ballast: &[Ballast]) -> Vec<i64> {
    let down: i64 = ballast.iter().map(|cell| cell.down).sum();
    let up: i64 = ballast.iter().map(|cell| cell.up).sum();
    let mut sum: i64 = moves.iter().sum();
    let (mut rises, mut falls) = (0, 0);
    while sum > down || sum < -up {
        let rising = sum > down;
        let at = if rising { &mut rises } else { &mut falls };
        let next =
            moves.iter().enumerate().skip(*at).find(|(_, grains)| **grains != 0 && (**grains > 0) == rising);
        let Some((index, grains)) = next.map(|(index, grains)| (index, *grains)) else { break };
        *at = index + 1;
        sum -= grains;
        if let Some(grains) = moves.get_mut(index) {
            *grains = 0;
        }
    }
    spread(-sum, ballast)
}

/// Shares a sum out: first evenly, then as there is room.
fn spread(sum: i64, ballast: &[Ballast]) -> Vec<i64> {
    let mut left = sum;
    let mut cells = i64::try_from(ballast.len()).unwrap_or(i64::MAX);
    let mut moves: Vec<i64> = ballast
        .iter()
        .map(|cell| {
            let share = (left.abs() + cells - 1) / cells.max(1) * left.signum();
            let grains = share.clamp(-cell.down, cell.up);
            (left, cells) = (left - grains, cells - 1);
            grains
        })
        .collect();
    for (grains, cell) in moves.iter_mut().zip(ballast) {
        let more = left.clamp(-cell.down - *grains, cell.up - *grains);
        *grains += more;
        left -= more;
    }
    moves
}
