// Asks golang.org/x/mod/sumdb what it thinks of proofs, notes and tile paths that another program made. Reads one JSON
// document and writes one, with an answer for each question in its order: an empty text where sumdb agrees, its error
// where it does not, and for a tile its path.
package main

import (
	"encoding/json"
	"log"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type record struct {
	Proof       []string
	Size, Index int64
	Root, Leaf  string
}

type tree struct {
	Proof            []string
	From, To         int64
	FromRoot, ToRoot string
}

type signed struct {
	Text string
	Keys []string
}

type tile struct {
	Level, Width int
	Index        int64
}

type questions struct {
	Records []record
	Trees   []tree
	Notes   []signed
	Tiles   []tile
}

type answers struct {
	Records []string `json:"records"`
	Trees   []string `json:"trees"`
	Notes   []string `json:"notes"`
	Tiles   []string `json:"tiles"`
}

func hash(text string) tlog.Hash {
	parsed, err := tlog.ParseHash(text)
	if err != nil {
		log.Fatal(err)
	}
	return parsed
}

func hashes(texts []string) []tlog.Hash {
	list := []tlog.Hash{}
	for _, text := range texts {
		list = append(list, hash(text))
	}
	return list
}

func verdict(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func open(question signed) string {
	verifiers := []note.Verifier{}
	for _, key := range question.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return err.Error()
		}
		verifiers = append(verifiers, verifier)
	}
	_, err := note.Open([]byte(question.Text), note.VerifierList(verifiers...))
	return verdict(err)
}

func main() {
	asked := questions{}
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		log.Fatal(err)
	}
	given := answers{}
	for _, it := range asked.Records {
		err := tlog.CheckRecord(hashes(it.Proof), it.Size, hash(it.Root), it.Index, hash(it.Leaf))
		given.Records = append(given.Records, verdict(err))
	}
	for _, it := range asked.Trees {
		err := tlog.CheckTree(hashes(it.Proof), it.To, hash(it.ToRoot), it.From, hash(it.FromRoot))
		given.Trees = append(given.Trees, verdict(err))
	}
	for _, it := range asked.Notes {
		given.Notes = append(given.Notes, open(it))
	}
	for _, it := range asked.Tiles {
		given.Tiles = append(given.Tiles, tlog.Tile{H: 8, L: it.Level, N: it.Index, W: it.Width}.Path())
	}
	if err := json.NewEncoder(os.Stdout).Encode(given); err != nil {
		log.Fatal(err)
	}
}
