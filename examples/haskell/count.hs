-- Counts from 1 to 10, one number every half second.
module Main (main) where

import Control.Concurrent (threadDelay)
import Control.Monad (forM_)
import System.IO

main :: IO ()
main = do
  hSetBuffering stdout LineBuffering
  forM_ [1 .. 10 :: Int] $ \number -> do
    print number
    threadDelay 500000
