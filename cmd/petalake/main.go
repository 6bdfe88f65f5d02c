// Command petalake runs a lakehouse.
package main

func main() {}
