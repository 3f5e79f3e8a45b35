//! Greets every name it is sent: one line in, one line out.
use std::io;

fn main() -> io::Result<()> {
    for name in io::stdin().lines() {
        println!("Hello {}!", name?);
    }
    Ok(())
}
