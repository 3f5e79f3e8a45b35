//! Counts from 1 to 10, one number every half second.
use std::{thread::sleep, time::Duration};

fn main() {
    for number in 1..=10 {
        println!("{number}");
        sleep(Duration::from_millis(500));
    }
}
