//! Which issuers' numbers have which length.

/// Beginnings of card numbers in use in China and the lengths that belong to them.
///
/// *Source*: ISO/IEC 7812 (issuer in front, Luhn digit behind); 62 and 81 are UnionPay's, 955, 940 and the
/// six-digit ones were given out by Chinese banks before it. Mastercard's 22–27 is left out: few cards here
/// have it, and sixteen digits that begin with a year or a month do.
const ISSUERS: &[(&[u8], &[usize])] = &[
    (b"62", &[16, 17, 18, 19]),
    (b"81", &[16, 17, 18, 19]),
    (b"4", &[16]),
    (b"51", &[16]),
    (b"52", &[16]),
    (b"53", &[16]),
    (b"54", &[16]),
    (b"55", &[16]),
    (b"35", &[16]),
    (b"34", &[15]),
    (b"37", &[15]),
    (b"955", &[16, 19]),
    (b"940", &[16, 17, 18, 19]),
    (b"601382", &[19]),
    (b"601428", &[17]),
    (b"603367", &[18]),
    (b"603506", &[19]),
    (b"603601", &[19]),
    (b"603708", &[19]),
    (b"602969", &[16, 19]),
    (b"685800", &[16]),
    (b"690755", &[18]),
];

/// Does an issuer give out numbers that begin so and are so long?
pub(crate) fn issuer_fits(digits: &[u8]) -> bool {
    ISSUERS.iter().any(|(head, lengths)| digits.starts_with(head) && lengths.contains(&digits.len()))
}

/// Is the last digit the Luhn digit of the others?
pub(crate) fn luhn_valid(digits: &[u8]) -> bool {
    digits
        .split_last()
        .is_some_and(|(check, body)| digits.iter().all(u8::is_ascii_digit) && super::luhn(body) == *check)
}
