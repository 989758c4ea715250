// Porcupine on many small histories of one register: lines "kind a b invoked completed" (r: a read that gave a; w: a write of a;
// s: a swap a -> b; n: a compare-and-set of a that did not swap; -1 is null, completed -1 unknown), a line "." after each
// history. Prints 1 (linearizable) or 0 for each.
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"

	"github.com/anishathalye/porcupine"
)

type input struct {
	kind    string
	a, b    int
	unknown bool
}

var model = porcupine.Model{
	Init: func() any { return -1 },
	Step: func(state, in, out any) (bool, any) {
		operation := in.(input)
		switch operation.kind {
		case "w":
			return true, operation.a
		case "s":
			if state.(int) == operation.a {
				return true, operation.b
			}
			return operation.unknown, state
		case "n":
			return state.(int) != operation.a, state
		}
		return operation.a == state.(int), state
	},
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var operations []porcupine.Operation
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		if scanner.Text() == "." {
			if porcupine.CheckOperations(model, operations) {
				fmt.Fprintln(out, 1)
			} else {
				fmt.Fprintln(out, 0)
			}
			operations = nil
			continue
		}
		var a, b int
		var kind string
		var invoked, completed int64
		if _, err := fmt.Sscan(scanner.Text(), &kind, &a, &b, &invoked, &completed); err != nil {
			panic(err)
		}
		unknown := completed < 0
		if unknown {
			completed = math.MaxInt64
		}
		operations = append(operations, porcupine.Operation{ClientId: len(operations), Input: input{kind, a, b, unknown}, Call: invoked, Return: completed})
	}
}
