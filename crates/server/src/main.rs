//! shuyu
fn main() {}
