package main

import "os"

func main() {
	println(os.Getenv("QUEUE_URL"))
}
