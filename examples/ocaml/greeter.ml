#!/usr/bin/env ocaml
(* Greets every name it is sent: one line in, one line out. *)
let rec greet () =
  match input_line stdin with
  | name -> print_endline ("Hello " ^ name ^ "!"); greet ()
  | exception End_of_file -> ()

let () = greet ()
