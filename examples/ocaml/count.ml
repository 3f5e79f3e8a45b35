#!/usr/bin/env -S ocaml -I +unix unix.cma
(* Counts from 1 to 10, one number every half second. *)
let () =
  for number = 1 to 10 do
    print_endline (string_of_int number);
    Unix.sleepf 0.5
  done
