//! The canary population: invented people and enterprises with secret values, made from a seed that changes every run.
//!
//! People live in *plots*, one for each attack and one for each benign twin, so that what one of them learns is not
//! learnt again by the next. In every plot
//! - twenty people live alone in a village of their own: the targets;
//! - 240 people live in four large villages and belong to twenty teams of twelve; all of a team share one grade;
//! - each team has one target beside its twelve, so that a team's total and its large part differ by one person;
//! - twelve more people live in villages of three and nine.
//!
//! The attacker knows everything about everybody but the secrets, which are drawn uniformly: a bit (`flag`), a number of
//! sixteen bits (`income`), for teams a bit (`grade`), and whether there is anything in a column at all (`relief`).

use std::fmt::Write as _;

use base::Date;

use crate::random::Random;

/// Targets of a plot.
pub(crate) const TARGETS: usize = 20;
/// Values an income may take, from [`INCOME_LEAST`].
pub(crate) const INCOMES: u64 = 65_536;
/// The least income.
pub(crate) const INCOME_LEAST: i64 = 10_000;
/// Illnesses, one of them rare.
pub(crate) const ILLNESSES: [&str; 4] = ["感冒", "高血压", "糖尿病", "罕见病"];
const ZONES: u32 = 4;

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id_number: String,
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) zone: String,
    pub(crate) village: String,
    pub(crate) team: String,
    pub(crate) sex: &'static str,
    pub(crate) birth: Date,
    pub(crate) household: u64,
    pub(crate) flag: bool,
    pub(crate) income: i64,
    pub(crate) grade: bool,
    pub(crate) illness: &'static str,
    /// What is paid to whoever is in need; nothing to the others.
    pub(crate) relief: Option<i64>,
}

/// An enterprise.
#[derive(Debug, Clone)]
pub(crate) struct Enterprise {
    pub(crate) credit_code: String,
    pub(crate) industry: String,
    pub(crate) turnover: i64,
}

/// The people of one attack or one twin.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    /// Name of its district.
    pub(crate) district: String,
    /// Everybody; the targets first.
    pub(crate) people: Vec<Person>,
    /// Names of the teams.
    pub(crate) teams: Vec<String>,
    /// Enterprises by industry: in each, the largest is the target, the second the attacker himself.
    pub(crate) enterprises: Vec<Enterprise>,
}

impl Plot {
    /// Those who live alone.
    pub(crate) fn targets(&self) -> &[Person] {
        self.people.get(..TARGETS).unwrap_or_default()
    }

    /// The grade that a team shares.
    pub(crate) fn grade(&self, team: &str) -> Option<bool> {
        self.people.iter().skip(TARGETS).find(|person| person.team == team).map(|person| person.grade)
    }

    fn new(seed: u64, number: usize) -> Self {
        let mut random = Random::new(seed ^ (number as u64).wrapping_mul(0x9E37_79B9));
        let district = format!("D{:03}{}", number, random.letters(3));
        let mut order: Vec<i32> = (0..272).collect();
        random.shuffle(&mut order);
        let teams: Vec<String> = (1..=TARGETS).map(|team| format!("{district}-T{team:02}")).collect();
        let grades: Vec<bool> = teams.iter().map(|_| random.bit()).collect();
        let mut people = Vec::with_capacity(order.len());
        for (place, days) in order.into_iter().enumerate() {
            let team = if place < TARGETS { place } else { (place - TARGETS) / 12 % TARGETS };
            // The large villages have sixty people each, five whole teams.
            let zone = match place {
                0..TARGETS => place as u32 / 5,
                TARGETS..260 => (place - TARGETS) as u32 / 60,
                _ => 0,
            } % ZONES;
            let village = match place {
                0..TARGETS => format!("{district}-S{:02}", place + 1),
                TARGETS..260 => format!("{district}-B{}", zone + 1),
                260..263 => format!("{district}-W3"),
                _ => format!("{district}-W9"),
            };
            let index = number * 272 + place;
            let birth = Date::from_days(-7_000 + days * 80 + i32::try_from(random.below(80)).unwrap_or(0));
            let in_team = place < 260;
            people.push(Person {
                id_number: id_number(index, birth),
                name: format!("{}{}{}", random.pick(&SURNAMES), random.pick(&FICTION), random.pick(&GIVEN)),
                phone: format!("14{}{:08}", 2 + index % 2, (index as u64 * 7_919 + 13) % 100_000_000),
                zone: format!("{district}-Z{}", zone + 1),
                village,
                team: if in_team { teams.get(team).cloned().unwrap_or_default() } else { "无".to_owned() },
                sex: if random.bit() { "男" } else { "女" },
                birth,
                household: 1 + random.below(6),
                flag: random.bit(),
                income: INCOME_LEAST + i64::try_from(random.below(INCOMES)).unwrap_or(0),
                grade: if place < TARGETS {
                    random.bit()
                } else {
                    grades.get(team).copied().unwrap_or_default()
                },
                illness: random.pick(&ILLNESSES),
                relief: random.bit().then(|| 100 + i64::try_from(random.below(900)).unwrap_or(0)),
            });
        }
        let enterprises = enterprises(&mut random, number, &district);
        Self { district, people, teams, enterprises }
    }
}

const SURNAMES: [&str; 12] = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "欧阳", "上官"];
const FICTION: [&str; 6] = ["虚", "拟", "例", "样", "假", "设"];
const GIVEN: [&str; 12] = ["安", "文", "宁", "和", "清", "远", "明", "青", "山", "川", "云", "禾"];

/// Twenty industries of fourteen enterprises: the largest has 47 to 49 % of the turnover, the second nearly as much.
fn enterprises(random: &mut Random, plot: usize, district: &str) -> Vec<Enterprise> {
    let mut all = Vec::new();
    for industry in 0..TARGETS {
        let largest = 200_000 + i64::try_from(random.below(INCOMES)).unwrap_or(0);
        for place in 0..14 {
            let turnover = match place {
                0 => largest,
                1 => largest * 98 / 100,
                _ => largest * (5 + i64::try_from(random.below(5)).unwrap_or(0)) / 1_000,
            };
            let index = (plot * TARGETS + industry) * 14 + place;
            all.push(Enterprise {
                credit_code: credit_code(index),
                industry: format!("{district}-I{:02}", industry + 1),
                turnover,
            });
        }
    }
    all
}

/// Everything that is planted.
#[derive(Debug)]
pub(crate) struct Population {
    /// What the names of the run's tables end with.
    pub(crate) mark: String,
    pub(crate) plots: Vec<Plot>,
}

impl Population {
    /// The population of a seed, with so many plots.
    pub(crate) fn new(seed: u64, plots: usize) -> Self {
        let mark = Random::new(seed).letters(4).to_lowercase();
        Self { mark, plots: (0..plots).map(|number| Plot::new(seed, number)).collect() }
    }

    /// The register of persons as CSV.
    pub(crate) fn persons_csv(&self, plots: std::ops::Range<usize>) -> String {
        let mut text = String::from(
            "id_number,name,phone,district,zone,village,team,sex,birth_date,household,flag,income,grade,illness,relief,note\n",
        );
        for (plot, person) in self.people(plots) {
            let Person { id_number, name, phone, zone, village, team, sex, birth, household, .. } = person;
            let relief = person.relief.map(|amount| amount.to_string()).unwrap_or_default();
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "{id_number},{name},{phone},{},{zone},{village},{team},{sex},{birth},{household},{},{},{},{},{relief},联系{phone}复诊",
                plot.district,
                u8::from(person.flag),
                person.income,
                u8::from(person.grade),
                person.illness,
            );
        }
        text
    }

    /// Visits to clinics, several for each target and one for everybody else. Targets alone were at one of the clinics, and it
    /// was urgent if they have the flag.
    pub(crate) fn visits_csv(&self) -> String {
        let mut text = String::from("id_number,district,clinic,cost,urgent\n");
        for plot in &self.plots {
            for (place, person) in plot.people.iter().enumerate() {
                let visits = if place < TARGETS { 12 } else { 1 };
                for visit in 0..visits {
                    let cost = 10 + (place * 37 + visit * 11) % 90;
                    let alone = place < TARGETS && visit == 0;
                    let clinic = if alone { 9 } else { 1 + place % 4 };
                    let urgent = u8::from(person.flag && (alone || place >= TARGETS));
                    let _ =
                        writeln!(text, "{},{},C{clinic},{cost},{urgent}", person.id_number, plot.district);
                }
            }
        }
        text
    }

    /// A public list of villages: which region each is in. It leaves out the first target's village of every plot.
    pub(crate) fn villages_csv(&self) -> String {
        let mut text = String::from("village,district,region,number\n");
        for plot in &self.plots {
            let mut names: Vec<&str> = plot.people.iter().skip(1).map(|p| p.village.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            for (number, village) in names.iter().enumerate() {
                let _ = writeln!(text, "{village},{},R{},{number}", plot.district, 1 + number % 2);
            }
        }
        text
    }

    /// The register of enterprises.
    pub(crate) fn enterprises_csv(&self) -> String {
        let mut text = String::from("credit_code,district,industry,turnover\n");
        for plot in &self.plots {
            for one in &plot.enterprises {
                let _ =
                    writeln!(text, "{},{},{},{}", one.credit_code, plot.district, one.industry, one.turnover);
            }
        }
        text
    }

    pub(crate) fn people(&self, plots: std::ops::Range<usize>) -> impl Iterator<Item = (&Plot, &Person)> {
        let plots = self.plots.get(plots).unwrap_or_default().iter();
        plots.flat_map(|plot| plot.people.iter().map(move |person| (plot, person)))
    }
}

/// A resident's number with its check digit (GB 11643, ISO 7064 MOD 11-2), in a region that no county has.
fn id_number(index: usize, birth: Date) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (year, month, day) = birth.parts();
    let body = format!("3399{:02}{year:04}{month:02}{day:02}{:03}", 1 + index / 1_000 % 99, index % 1_000);
    let sum: u32 = body.chars().filter_map(|c| c.to_digit(10)).zip(WEIGHTS).map(|(d, w)| d * w).sum();
    let check = "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('0');
    format!("{body}{check}")
}

/// A credit code with its check character (GB 32100; inner code GB 11714).
fn credit_code(index: usize) -> String {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const INNER: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let organisation = format!("{:08}", 20_000_000 + index % 70_000_000);
    let sum: u32 = organisation.chars().filter_map(|c| c.to_digit(10)).zip(INNER).map(|(d, w)| d * w).sum();
    let inner = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    let body = format!("91339901{organisation}{inner}");
    let mut weight = 1;
    let mut sum = 0;
    for character in body.chars() {
        sum += ALPHABET.find(character).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    format!("{body}{}", ALPHABET.chars().nth((31 - sum % 31) % 31).unwrap_or('0'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_gives_one_population_and_another_gives_another() {
        let (a, b, c) = (Population::new(7, 2), Population::new(7, 2), Population::new(8, 2));
        assert_eq!(a.persons_csv(0..2), b.persons_csv(0..2));
        assert_ne!(a.persons_csv(0..2), c.persons_csv(0..2));
    }

    #[test]
    fn a_plot_is_laid_out_as_the_attacks_expect() {
        let population = Population::new(1, 3);
        let plot = &population.plots[1];
        assert_eq!((plot.people.len(), plot.targets().len()), (272, TARGETS));
        let ids: BTreeSet<_> = population.people(0..3).map(|(_, person)| &person.id_number).collect();
        assert_eq!(ids.len(), 3 * 272);
        let births: BTreeSet<_> = plot.people.iter().map(|person| person.birth.to_string()).collect();
        assert_eq!(births.len(), 272, "everybody's birthday tells who it is");
        for team in &plot.teams {
            let members: Vec<_> = plot.people.iter().filter(|person| person.team == *team).collect();
            assert_eq!(members.len(), 13);
            let large: Vec<_> = members.iter().filter(|person| person.village.contains("-B")).collect();
            assert_eq!(large.len(), 12);
            assert!(large.iter().all(|person| Some(person.grade) == plot.grade(team)));
        }
        for target in plot.targets() {
            assert_eq!(plot.people.iter().filter(|person| person.village == target.village).count(), 1);
        }
    }
}
