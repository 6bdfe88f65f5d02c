package spark

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// chunk is how many bytes of an artifact go in one message.
const chunk = 256 << 10

// places are the folders of a session for what programs need, by the end of a file's name.
var places = map[string]string{".py": "pyfiles/", ".zip": "pyfiles/", ".egg": "pyfiles/", ".jar": "jars/"}

// AddArtifact sends a local file to the session: Python programs and packages (.py, .zip, .egg) can be
// imported, classes of a .jar can be used, and any other file is found by SparkFiles. What this
// session has sent already is not sent again.
func (s *Session) AddArtifact(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("spark: artifact: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("spark: artifact: %w", err)
	}
	if !info.Mode().IsRegular() {
		return &hinted{"artifact " + path + " is no file", "send a folder as a .zip"}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("spark: artifact %s: %w", path, err)
	}
	place, ok := places[filepath.Ext(path)]
	if !ok {
		place = "files/"
	}
	return s.send(ctx, place+filepath.Base(path), hex.EncodeToString(sum.Sum(nil)), file, info.Size())
}

// Cache sends rows to the session and gives a plan that names them by their hash: for rows that several
// plans use. What the server has is not sent again.
func (s *Session) Cache(ctx context.Context, rows *connectpb.LocalRelation) (*connectpb.Relation, error) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("spark: rows to cache: %w", err)
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	name := "cache/" + hash
	there := false
	err = s.ask(ctx, func() error {
		r, err := s.client.ArtifactStatus(ctx, &connectpb.ArtifactStatusesRequest{Names: []string{name}})
		there = r.GetStatuses()[name].GetExists()
		return err
	})
	if err == nil && !there {
		err = s.send(ctx, name, hash, bytes.NewReader(data), int64(len(data)))
	}
	if err != nil {
		return nil, err
	}
	return &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_CachedLocalRelation{
		CachedLocalRelation: &connectpb.CachedLocalRelation{Hash: hash},
	}}, nil
}

// send gives the server a file. Sending it twice does no harm.
func (s *Session) send(ctx context.Context, name, hash string, content io.ReaderAt, size int64) error {
	if sent, ok := s.sent.Load(name); ok && sent == hash {
		return nil
	}
	err := insist(ctx, func() error { return s.transfer(ctx, name, io.NewSectionReader(content, 0, size), size) })
	if err != nil {
		return s.explain(ctx, err)
	}
	s.sent.Store(name, hash)
	return nil
}

// transfer sends a file once, in chunks with their checksums, and has the server confirm them.
func (s *Session) transfer(ctx context.Context, name string, content io.Reader, size int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.client.AddArtifacts(ctx)
	if err != nil {
		return err
	}
	chunks := max((size+chunk-1)/chunk, 1)
	buf := make([]byte, min(size, chunk))
	for n := range chunks {
		part := buf[:min(int64(len(buf)), size-n*chunk)]
		if _, err := io.ReadFull(content, part); err != nil {
			return fmt.Errorf("spark: artifact %s changed while it was read: %w", name, err)
		}
		data := &connectpb.AddArtifactsRequest_ArtifactChunk{Data: part, Crc: int64(crc32.ChecksumIEEE(part))}
		if err := stream.Send(request(name, data, n, chunks, size)); err != nil {
			break // the server says why below
		}
	}
	r, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	for _, a := range r.GetArtifacts() {
		if !a.GetIsCrcSuccessful() {
			return fmt.Errorf("spark: artifact %s came to the server with other bytes than were sent", a.GetName())
		}
	}
	if len(r.GetArtifacts()) != 1 {
		return fmt.Errorf("spark: artifact %s: the server confirms %d files, not one", name, len(r.GetArtifacts()))
	}
	return nil
}

// request is one message of an artifact: all of a small one, or the first or a later chunk.
func request(name string, data *connectpb.AddArtifactsRequest_ArtifactChunk, n, chunks, size int64) *connectpb.AddArtifactsRequest {
	r := &connectpb.AddArtifactsRequest{}
	switch {
	case chunks == 1:
		r.Payload = &connectpb.AddArtifactsRequest_Batch_{Batch: &connectpb.AddArtifactsRequest_Batch{
			Artifacts: []*connectpb.AddArtifactsRequest_SingleChunkArtifact{{Name: name, Data: data}},
		}}
	case n == 0:
		r.Payload = &connectpb.AddArtifactsRequest_BeginChunk{BeginChunk: &connectpb.AddArtifactsRequest_BeginChunkedArtifact{
			Name: name, TotalBytes: size, NumChunks: chunks, InitialChunk: data,
		}}
	default:
		r.Payload = &connectpb.AddArtifactsRequest_Chunk{Chunk: data}
	}
	return r
}
