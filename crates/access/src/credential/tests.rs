use base::{Id, Timestamp, kind};
use proptest::prelude::*;

use super::*;
use crate::{Credential, Standing};

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

#[test]
fn a_password_verifies_against_its_own_hash_only() {
    let hash = password("correct horse battery").hash([7; 16]).unwrap();
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
    let stored = PasswordHash::from_stored(hash.as_str().to_owned());
    assert!(password("correct horse battery").verify(&stored).unwrap());
    assert!(!password("correct horse batterz").verify(&stored).unwrap());
    assert!(!password(&"x".repeat(100_000)).verify(&stored).unwrap());
    assert_ne!(password("correct horse battery").hash([8; 16]).unwrap(), hash);
    let garbage = PasswordHash::from_stored("plain".to_owned());
    assert_eq!(password("x").verify(&garbage).unwrap_err().code(), "access.password_hash");
    assert_eq!(format!("{:?} {hash:?}", password("secret")), "Password(..) PasswordHash(..)");
}

#[test]
fn weak_passwords_are_refused_with_a_reason() {
    for (text, account, expected) in [
        ("short", "li.wei", Err(WeakPassword::Length)),
        ("李伟李伟李伟李伟李", "li.wei", Err(WeakPassword::Length)),
        ("li.wei@deqing", "LI.WEI@deqing", Err(WeakPassword::AccountName)),
        ("Password123", "li.wei", Err(WeakPassword::Common)),
        ("aaaaaaaaaaaa", "li.wei", Err(WeakPassword::Common)),
        ("莫干山上竹子青又青呀", "li.wei", Ok(())),
        ("three blue herons", "", Ok(())),
    ] {
        assert_eq!(password(text).check_rule(account), expected, "{text}");
    }
}

#[test]
fn sessions_die_of_idleness_and_of_age() {
    let policy = SessionPolicy { idle_seconds: 10, absolute_seconds: 25 };
    let mut times = SessionTimes { opened_at: NOW, seen_at: NOW };
    for second in [9, 18, 24] {
        times = times.touch(&policy, NOW.plus_seconds(second)).unwrap();
    }
    assert_eq!(times.valid_until(&policy), NOW.plus_seconds(25));
    assert_eq!(times.touch(&policy, NOW.plus_seconds(25)), None);
    let idle = SessionTimes { opened_at: NOW, seen_at: NOW };
    assert_eq!(idle.touch(&policy, NOW.plus_seconds(10)), None);
    assert_eq!(idle.touch(&policy, NOW.plus_seconds(-5)), Some(idle));
}

#[test]
fn form_tokens_belong_to_their_session() {
    let (a, b) = (SessionSecret::new([1; 32]), SessionSecret::new([2; 32]));
    assert!(a.accepts_csrf(&a.csrf_token()));
    assert!(!a.accepts_csrf(&b.csrf_token()));
    assert!(!a.accepts_csrf(""));
    assert_ne!(a.csrf_token(), a.token());
    assert_eq!(format!("{a:?}"), "SessionSecret(..)");
}

fn record(secret: &ApiKeySecret) -> ApiKeyRecord {
    ApiKeyRecord {
        id: secret.id(),
        digest: secret.digest(),
        issued_by: Id::new(NOW, [1; 10]),
        unit: Id::new(NOW, [2; 10]),
        usage: Id::new(NOW, [3; 10]),
        scenarios: vec!["credit".to_owned()],
        valid_until: NOW.plus_seconds(60),
        revoked_at: None,
    }
}

#[test]
fn keys_are_checked_secret_first() {
    let id: Id<kind::ApiKey> = Id::new(NOW, [4; 10]);
    let secret = ApiKeySecret::new(id, [5; 32]);
    let presented = ApiKeySecret::parse(&secret.text()).unwrap();
    let record = record(&secret);
    assert_eq!(record.check(&presented, "credit", NOW), Ok(()));
    assert_eq!(record.check(&presented, "travel", NOW), Err(KeyRefusal::Scenario));
    assert_eq!(record.check(&presented, "credit", NOW.plus_seconds(60)), Err(KeyRefusal::Expired));
    let revoked = ApiKeyRecord { revoked_at: Some(NOW), ..record.clone() };
    assert_eq!(revoked.check(&presented, "credit", NOW), Err(KeyRefusal::Revoked));
    let guess = ApiKeySecret::new(id, [6; 32]);
    assert_eq!(revoked.check(&guess, "credit", NOW), Err(KeyRefusal::Secret));
    let elsewhere = ApiKeySecret::new(Id::new(NOW, [9; 10]), [5; 32]);
    assert_eq!(record.check(&elsewhere, "credit", NOW), Err(KeyRefusal::Secret));
    assert!(!format!("{secret:?}").contains(secret.text().rsplit('_').next().unwrap()));
    let principal = record.principal("B1", Standing::Active, Standing::Active);
    assert!(matches!(principal.credential, Credential::ApiKey { key, .. } if key == id));
}

#[test]
fn waiting_doubles_up_to_a_limit_and_is_forgotten() {
    let throttle = Throttle::default();
    let wait = |count| {
        let until = throttle.wait_until(Some(Failures { count, last_at: NOW }), NOW);
        until.map_or(0, |until| (until.micros() - NOW.micros()) / 1_000_000)
    };
    assert_eq!([0, 4, 5, 6, 7, 12, 13, 40, u32::MAX].map(wait), [0, 0, 5, 10, 20, 640, 900, 900, 900]);
    assert_eq!(throttle.wait_until(None, NOW), None);
    let many = Some(Failures { count: 9, last_at: NOW });
    assert_eq!(throttle.after_failure(many, NOW.plus_seconds(1)).count, 10);
    assert_eq!(throttle.after_failure(many, NOW.plus_seconds(24 * 3600)).count, 1);
}

proptest! {
    #[test]
    fn tokens_round_trip(random in any::<[u8; 32]>(), key in any::<[u8; 10]>()) {
        let session = SessionSecret::new(random);
        let again = SessionSecret::parse(&session.token()).unwrap();
        prop_assert_eq!(again.digest(), session.digest());
        let key = ApiKeySecret::new(Id::new(NOW, key), random);
        let again = ApiKeySecret::parse(&key.text()).unwrap();
        prop_assert_eq!((again.id(), again.digest()), (key.id(), key.digest()));
    }

    #[test]
    fn nonsense_is_not_a_token(text in ".{0,80}") {
        prop_assert!(SessionSecret::parse(&text).is_err() || text.len() == 43);
        prop_assert!(ApiKeySecret::parse(&text).is_err() || text.starts_with("sy_"));
    }
}
