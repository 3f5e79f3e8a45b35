-- Greets every name it is sent: one line in, one line out.
module Main (main) where

import System.IO

main :: IO ()
main = do
  hSetBuffering stdout LineBuffering
  mapM_ (`hSetEncoding` utf8) [stdin, stdout] -- a program here has no locale
  interact (unlines . map greet . lines)
  where
    greet name = "Hello " ++ name ++ "!"
