/** Counts from 1 to 10, one number every half second. */
class Count {
    public static void main(String[] args) throws InterruptedException {
        for (int number = 1; number <= 10; number++) {
            System.out.println(number);
            Thread.sleep(500);
        }
    }
}
