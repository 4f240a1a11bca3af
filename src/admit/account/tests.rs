//! Limits under many requests at once.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::*;
use crate::domain::grant::Budget;

const DOLLAR: i64 = 1_000_000_000_000;

fn grant(rpm: Option<u64>, tpm: Option<u64>, budget: Option<i64>) -> Grant {
    let budget = budget.map(|limit| Budget { limit: Usd(limit), period: Period::Day });
    Grant { id: "id".into(), name: "name".into(), models: Vec::new(), rpm, tpm, budget, expires_at: None }
}

fn used(units: i64, tokens: u64) -> Figures {
    Figures { spent: Usd(units), requests: 1, input_tokens: tokens, output_tokens: 0 }
}

fn settled(held: Estimate, used: Figures) -> Settled {
    Settled { held, used, tokens: used.input_tokens }
}

#[test]
fn two_hundred_at_once_on_a_budget_for_ten() {
    let account = Arc::new(Account::default());
    let grant = Arc::new(grant(None, None, Some(10 * DOLLAR)));
    let (let_in, most_held) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicI64::new(0)));
    let (now, wall) = (Instant::now(), Timestamp::now());
    let estimate = Estimate { tokens: 0, cost: Usd(DOLLAR) };
    let threads = (0..8).map(|_| {
        let (account, grant, let_in, most_held) = (account.clone(), grant.clone(), let_in.clone(), most_held.clone());
        std::thread::spawn(move || {
            for _ in 0..25 {
                if account.enter(&grant, estimate, now, wall).is_ok() {
                    let_in.fetch_add(1, Ordering::SeqCst);
                    let (figures, held) = account.figures(Period::Day, wall);
                    most_held.fetch_max(figures.spent.0 + held.cost.0, Ordering::SeqCst);
                    std::thread::yield_now();
                    account.settle(&grant, settled(estimate, used(DOLLAR, 0)), now, wall);
                }
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(let_in.load(Ordering::SeqCst), 10);
    assert_eq!(most_held.load(Ordering::SeqCst), 10 * DOLLAR);
    let (figures, held) = account.figures(Period::Day, wall);
    assert_eq!((figures.spent, figures.requests, held), (Usd(10 * DOLLAR), 10, Estimate::default()));
}

#[test]
fn what_is_held_is_given_back_to_the_last_unit() {
    let account = Account::default();
    let grant = grant(None, Some(1_000_000), Some(DOLLAR));
    let (now, wall) = (Instant::now(), Timestamp::now());
    for at in 0..10_000_u64 {
        let estimate = Estimate { tokens: at % 97, cost: Usd((at % 89) as i64) };
        assert!(account.enter(&grant, estimate, now, wall).is_ok(), "{at}");
        match at % 3 {
            0 => account.release(estimate),
            1 => account.undo(&grant, estimate),
            _ => account.settle(&grant, settled(estimate, used(7, 1)), now, wall),
        }
    }
    let (figures, held) = account.figures(Period::Day, wall);
    assert_eq!((figures.spent, held), (Usd(7 * 3333), Estimate::default()));
    assert_eq!(account.allowance(&grant, now).tokens, Some((1_000_000, 1_000_000 - 3333)));
}

#[test]
fn requests_and_tokens_of_a_minute() {
    let account = Account::default();
    let (start, wall) = (Instant::now(), Timestamp::now());
    let both = grant(Some(2), Some(100), None);
    let estimate = Estimate { tokens: 60, cost: Usd(0) };
    let left = account.enter(&both, estimate, start, wall).unwrap();
    assert_eq!((left.requests, left.tokens), (Some((2, 1)), Some((100, 40))));
    let left = account.enter(&both, estimate, start, wall).unwrap();
    assert_eq!(left.tokens, Some((100, 0)), "one that is let in may go beyond");
    let refused = account.enter(&both, estimate, start, wall);
    assert_eq!(refused, Err(Refused::Requests { limit: 2, wait: Duration::from_secs(60) }));
    account.settle(&both, settled(estimate, used(0, 10)), start, wall);
    account.settle(&both, settled(estimate, used(0, 90)), start, wall);
    let many = grant(None, Some(100), None);
    let later = start + Duration::from_secs(45);
    let refused = account.enter(&many, estimate, later, wall);
    assert_eq!(refused, Err(Refused::Tokens { limit: 100, wait: Duration::from_secs(15) }));
    assert!(account.enter(&both, estimate, start + Duration::from_secs(60), wall).is_ok());
}

#[test]
fn a_refusal_takes_nothing() {
    let account = Account::default();
    let (now, wall) = (Instant::now(), Timestamp::now());
    let spent = grant(Some(5), None, Some(1));
    account.count(Period::Day, wall, used(1, 0));
    for _ in 0..20 {
        assert!(matches!(account.enter(&spent, Estimate::default(), now, wall), Err(Refused::Budget { .. })));
    }
    assert_eq!(account.allowance(&spent, now).requests, Some((5, 5)));
}

#[test]
fn a_check_costs_little() {
    let account = Account::default();
    let grant = grant(Some(u64::MAX), Some(u64::MAX), Some(i64::MAX));
    let estimate = Estimate { tokens: 100, cost: Usd(100) };
    let (clock, begun) = (crate::clock::Clock::real(), std::time::Instant::now());
    for _ in 0..100_000 {
        account.enter(&grant, estimate, clock.now(), clock.wall()).unwrap();
        account.settle(&grant, settled(estimate, used(1, 1)), clock.now(), clock.wall());
    }
    println!("a check and its settlement: {:?}", begun.elapsed() / 100_000);
}
