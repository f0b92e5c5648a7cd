//! Runs the same programs with oxilua and with mlua, which share one Lua in this process, and prints how they compare.
//!
//! `cargo run --release -- [--module] [--rounds N] [FILTER]` measures times: the two libraries take turns, and each number is
//! the median of the rounds. `--once LIB ROW N` runs one row N times, for counting instructions under callgrind.

mod rows;

use std::time::Instant;

/// A row: its name, how many operations one call does, and how to do them so many times.
pub struct Row {
    pub name: &'static str,
    pub run: Box<dyn FnMut(usize)>,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn time(row: &mut Row, n: usize) -> f64 {
    let start = Instant::now();
    (row.run)(n);
    start.elapsed().as_nanos() as f64 / n as f64
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let module = args.iter().any(|a| a == "--module");
    if let Some(at) = args.iter().position(|a| a == "--once") {
        let (lib, name, n) = (&args[at + 1], &args[at + 2], args[at + 3].parse().expect("a number"));
        let rows = if lib == "mlua" { rows::peer::rows(module) } else { rows::ours::rows(module) };
        let mut row = rows.into_iter().find(|row| row.name == name).expect("a row of that name");
        (row.run)(n);
        return;
    }
    if args.iter().any(|a| a == "--list") {
        rows::ours::rows(module).iter().for_each(|row| println!("{}", row.name));
        return;
    }
    let rounds =
        args.iter().position(|a| a == "--rounds").map_or(21, |at| args[at + 1].parse().expect("a number"));
    let filter = args.last().filter(|a| !a.starts_with("--") && a.parse::<usize>().is_err());

    println!("{:<44} {:>10} {:>10} {:>7}", "operation", "oxilua ns", "mlua ns", "ratio");
    let mut product = 0.0;
    let mut count = 0;
    for (mut ours, mut peer) in rows::ours::rows(module).into_iter().zip(rows::peer::rows(module)) {
        assert_eq!(ours.name, peer.name);
        if filter.is_some_and(|f| !ours.name.contains(f.as_str())) {
            continue;
        }
        // As many operations as take about 2 ms.
        time(&mut ours, 20);
        let once = time(&mut ours, 50).max(1.0);
        let n = ((2e6 / once) as usize).clamp(20, 1_000_000);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            a.push(time(&mut ours, n));
            b.push(time(&mut peer, n));
        }
        let (a, b) = (median(a), median(b));
        println!("{:<44} {a:>10.1} {b:>10.1} {:>6.2}x", ours.name, b / a);
        product += (b / a).ln();
        count += 1;
    }
    println!(
        "{:<44} {:>10} {:>10} {:>6.2}x",
        "geometric mean",
        "",
        "",
        (product / f64::from(count.max(1))).exp()
    );
}
