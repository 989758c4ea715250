// The peer of bench/judges: Porcupine on a file of lines "client key kind a b invoked completed". Kind r: a read that gave a;
// w: a write of a; s: a swap a -> b; n: a compare-and-set of a that did not swap. -1 is null, completed -1 unknown. Prints the
// verdict, the seconds and the processor seconds of the check alone: of the last one, after checks for a second.
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"
)

type input struct {
	key  int
	kind string
	a, b int
	// It may have happened or not.
	unknown bool
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	var operations []porcupine.Operation
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		var client, key, a, b int
		var kind string
		var invoked, completed int64
		if _, err := fmt.Sscan(scanner.Text(), &client, &key, &kind, &a, &b, &invoked, &completed); err != nil {
			panic(err)
		}
		unknown := completed < 0
		if unknown {
			completed = math.MaxInt64
		}
		operations = append(operations, porcupine.Operation{ClientId: client, Input: input{key, kind, a, b, unknown}, Call: invoked, Output: a, Return: completed})
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
			switch operation.kind {
			case "w":
				return true, operation.a
			case "s":
				if state.(int) == operation.a {
					return true, operation.b
				}
				// As Porcupine's own etcd model: an unknown compare-and-set may be one that did not swap.
				return operation.unknown, state
			case "n":
				return state.(int) != operation.a, state
			}
			return out.(int) == state.(int), state
		},
	}
	began := time.Now()
	for {
		before := processorSeconds()
		start := time.Now()
		result := porcupine.CheckOperationsTimeout(model, operations, 120*time.Second)
		seconds := time.Since(start).Seconds()
		if time.Since(began) > time.Second {
			fmt.Printf("%s %f %f\n", result, seconds, processorSeconds()-before)
			return
		}
	}
}

func processorSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
