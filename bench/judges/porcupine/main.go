// The peer of bench/judges: Porcupine on a file of lines "client key kind value invoked completed" (kind r or w, value -1
// is null). Prints the verdict and the seconds of the check alone.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type input struct {
	key   int
	write bool
	value int
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	var operations []porcupine.Operation
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		var client, key, value int
		var kind string
		var invoked, completed int64
		if _, err := fmt.Sscan(scanner.Text(), &client, &key, &kind, &value, &invoked, &completed); err != nil {
			panic(err)
		}
		operations = append(operations, porcupine.Operation{ClientId: client, Input: input{key, kind == "w", value}, Call: invoked, Output: value, Return: completed})
	}
	model := porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			byKey := map[int][]porcupine.Operation{}
			for _, operation := range history {
				key := operation.Input.(input).key
				byKey[key] = append(byKey[key], operation)
			}
			var parts [][]porcupine.Operation
			for _, part := range byKey {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return -1 },
		Step: func(state, in, out any) (bool, any) {
			operation := in.(input)
			if operation.write {
				return true, operation.value
			}
			return out.(int) == state.(int), state
		},
	}
	start := time.Now()
	result := porcupine.CheckOperationsTimeout(model, operations, 120*time.Second)
	fmt.Printf("%s %f\n", result, time.Since(start).Seconds())
}
